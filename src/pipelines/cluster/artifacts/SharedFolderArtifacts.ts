/**
 * Artifacts in a folder that all machines share, such as NFS: `FOLDER/DATABASE/ab/abcdef...`, where DATABASE is the
 * database's id, so that several databases can use one folder.
 */
import { Clock, Effect, FileSystem, Layer, Option, Path, Schema } from "effect"
import * as AtomicFile from "../../files/AtomicFile.ts"
import * as FolderFiles from "../../files/FolderFiles.ts"
import * as Safetensors from "../../files/Safetensors.ts"
import { corrupt, fromPlatform } from "../../files/StoreError.ts"
import { Artifacts, removeUnused, verified } from "../Artifacts.ts"
import { Database } from "../Database.ts"

/** Minimum age in milliseconds of a temporary file that is removed; a younger one may still be written. */
const oldEnough = 60 * 60 * 1000

/** Keeps artifacts in a folder, which need not exist yet. */
export const layer = (folder: string): Layer.Layer<Artifacts, never, Database | FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    Artifacts,
    Effect.gen(function* () {
      const database = yield* Database
      const { id, retrying, rows, sql } = database
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const provided = <A, E>(effect: Effect.Effect<A, E, FileSystem.FileSystem | Path.Path>) =>
        effect.pipe(Effect.provideService(FileSystem.FileSystem, fs), Effect.provideService(Path.Path, path))
      const own = path.resolve(folder, id)
      const pathOf = (digest: string) => path.join(own, digest.slice(0, 2), digest)
      const read = (file: string) => AtomicFile.read(file, Safetensors.maximumBytes)
      const isThere = (file: string) => Effect.orElseSucceed(fs.exists(file), () => false)
      const removeFiles = (files: ReadonlyArray<string>) =>
        Effect.forEach(
          files,
          (file) => Effect.mapError(fs.remove(file, { force: true }), fromPlatform(file, "write")),
          { discard: true }
        )

      const isOld = Effect.fnUntraced(function* (file: string) {
        const now = yield* Clock.currentTimeMillis
        const stat = yield* Effect.option(fs.stat(file))
        return Option.exists(
          Option.flatMap(stat, ({ mtime }) => mtime),
          (time) => now - time.getTime() > oldEnough
        )
      })

      return {
        put: Effect.fn("SharedFolderArtifacts.put")(function* (digest, content) {
          const file = pathOf(digest)
          do {
            if (!(yield* isThere(file))) yield* provided(AtomicFile.write(file, content))
            yield* retrying(sql`
              insert into effect_vae.artifact (digest, bytes, place) values (${digest}, ${content.length}, 'folder')
              on conflict do nothing
            `)
            // It may have been removed before it was registered.
          } while (!(yield* isThere(file)))
        }),
        get: Effect.fn("SharedFolderArtifacts.get")(function* (digest) {
          const file = pathOf(digest)
          const content = yield* provided(read(file))
          if (Option.isNone(content)) {
            return yield* corrupt(file, "it is missing; if it was stored in the database, leave out --artifacts")
          }
          return yield* verified(file, digest, content.value)
        }),
        unused: Effect.gen(function* () {
          const files = (yield* provided(FolderFiles.list(own))).filter(({ type }) => type === "File")
          const stored = new Map(files.map((file) => [path.basename(file.path), file]))
          const digests = JSON.stringify([...stored.keys()].filter((name) => /^[0-9a-f]{64}$/.test(name)))
          const unreferenced = yield* rows(
            Schema.Struct({ digest: Schema.String }),
            sql`
              select digest from jsonb_array_elements_text(${digests}::jsonb) as d (digest)
              where not exists (select from effect_vae.file f where f.digest = d.digest)
            `
          )
          const temporary = yield* Effect.filter(
            files.filter((file) => AtomicFile.isTemporary(path.basename(file.path))),
            (file) => isOld(path.join(own, file.path))
          )
          return [
            ...unreferenced.map(({ digest }) => ({ key: digest, bytes: stored.get(digest)?.bytes ?? 0 })),
            ...temporary.map((file) => ({ key: file.path, bytes: file.bytes }))
          ]
        }),
        remove: Effect.fn("SharedFolderArtifacts.remove")(function* (keys) {
          const isTemporary = (key: string) => AtomicFile.isTemporary(path.basename(key))
          const temporary = keys.filter(isTemporary)
          const digests = keys.filter((key) => !isTemporary(key))
          yield* removeFiles(temporary.map((key) => path.join(own, key)))
          const removed = yield* removeUnused(database, "folder", digests, (gone) => removeFiles(gone.map(pathOf)))
          return [...temporary, ...removed]
        })
      }
    })
  )
