/**
 * Artifacts in a folder that all machines share, such as NFS: `FOLDER/ab/abcdef...`.
 */
import { Effect, FileSystem, Layer, Option, Path } from "effect"
import * as AtomicFile from "../../files/AtomicFile.ts"
import * as Safetensors from "../../files/Safetensors.ts"
import { corrupt } from "../../files/StoreError.ts"
import { Artifacts, verified } from "../Artifacts.ts"
import { Database } from "../Database.ts"

/** Keeps artifacts in a folder, which need not exist yet. */
export const layer = (folder: string): Layer.Layer<Artifacts, never, Database | FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    Artifacts,
    Effect.gen(function* () {
      const { patiently, sql } = yield* Database
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const provided = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem | Path.Path>) =>
        effect.pipe(Effect.provideService(FileSystem.FileSystem, fs), Effect.provideService(Path.Path, path))
      const pathOf = (digest: string) => path.resolve(folder, digest.slice(0, 2), digest)
      const read = (file: string) => AtomicFile.read(file, Safetensors.maximumBytes)
      return {
        put: Effect.fn("SharedFolderArtifacts.put")(function* (digest, content) {
          const file = pathOf(digest)
          // The folder may have been emptied since the content was registered.
          if (!(yield* Effect.orElseSucceed(fs.exists(file), () => false))) {
            yield* provided(AtomicFile.write(file, content))
          }
          yield* patiently(sql`
            insert into effect_vae.artifact (digest, bytes, place) values (${digest}, ${content.length}, 'folder')
            on conflict do nothing
          `)
        }),
        get: Effect.fn("SharedFolderArtifacts.get")(function* (digest) {
          const file = pathOf(digest)
          const content = yield* provided(read(file))
          if (Option.isNone(content)) {
            return yield* corrupt(file, "it is missing; if it was stored in the database, leave out --artifacts")
          }
          return yield* verified(file, digest, content.value)
        })
      }
    })
  )
