/**
 * The embeddings of the package, by the names used in options.
 */
import type { Embedding } from "../Embedding.ts"
import { PrincipalComponents } from "./PrincipalComponents.ts"
import { Tsne } from "./Tsne.ts"
import { Umap } from "./Umap.ts"

export const embeddingByName = { "t-sne": Tsne(), umap: Umap(), pca: PrincipalComponents() } satisfies Record<
  string,
  Embedding
>

export type EmbeddingName = keyof typeof embeddingByName
