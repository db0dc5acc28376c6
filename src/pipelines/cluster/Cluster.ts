/**
 * The services of a database that machines share: the queue of runs, the sweeps and the artifact store.
 */
import { type FileSystem, Layer, Option, type Path } from "effect"
import type { Address } from "./Address.ts"
import type { Artifacts } from "./Artifacts.ts"
import * as PostgresArtifacts from "./artifacts/PostgresArtifacts.ts"
import * as SharedFolderArtifacts from "./artifacts/SharedFolderArtifacts.ts"
import type { ClusterError } from "./ClusterError.ts"
import * as Database from "./Database.ts"
import * as RunQueue from "./RunQueue.ts"
import * as Sweeps from "./Sweeps.ts"

/** Connects to the database. `artifacts` is a folder that all machines share; without it, artifacts are in the database. */
export const layer = (
  address: Address,
  artifacts: Option.Option<string>
): Layer.Layer<
  Artifacts | Database.Database | RunQueue.RunQueue | Sweeps.Sweeps,
  ClusterError,
  FileSystem.FileSystem | Path.Path
> =>
  Layer.mergeAll(
    RunQueue.layer,
    Sweeps.layer,
    Option.match(artifacts, { onNone: () => PostgresArtifacts.layer, onSome: SharedFolderArtifacts.layer })
  ).pipe(Layer.provideMerge(Database.layer(address)))
