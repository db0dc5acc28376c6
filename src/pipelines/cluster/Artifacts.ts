/**
 * Where the content of runs' files is kept for other machines, by SHA-256.
 *
 * Laws: content is registered in the table `artifact` once it is complete in its place, never before; what is read has the
 * digest that was asked for, or is an error; storing the same content again changes nothing.
 */
import { createHash } from "node:crypto"
import { Context, Effect } from "effect"
import { corrupt, type StoreError } from "../files/StoreError.ts"
import type { ClusterError } from "./ClusterError.ts"

export class Artifacts extends Context.Service<
  Artifacts,
  {
    /** Stores content, unless it is there. */
    readonly put: (digest: string, content: Uint8Array) => Effect.Effect<void, ClusterError | StoreError>
    readonly get: (digest: string) => Effect.Effect<Uint8Array, ClusterError | StoreError>
  }
>()("vae/pipelines/cluster/Artifacts") {}

/** SHA-256 in hexadecimal digits. */
export const digestOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

/** The content if it has the digest. `place` is for messages. */
export const verified = (place: string, digest: string, content: Uint8Array): Effect.Effect<Uint8Array, StoreError> =>
  digestOf(content) === digest
    ? Effect.succeed(content)
    : Effect.fail(corrupt(place, `artifact ${digest.slice(0, 12)} has digest ${digestOf(content).slice(0, 12)}`))
