/**
 * The machines that share a database: its queue of runs, its sweeps and the runs' files.
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

/** Connects to the database. `artifacts` is a folder that all machines share; files are in the database where it is none. */
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
