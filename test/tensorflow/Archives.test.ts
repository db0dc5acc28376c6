import { createHash } from "node:crypto"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as Archives from "../../tensorflow/Archives.ts"

/** An archive that is a copy of a file with this text. */
const copied = Effect.fnUntraced(function* (text: string, sha256: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped()
  const file = `${folder}/archive.zip`
  yield* fs.writeFileString(file, text)
  const archive: Archives.Archive = {
    ...Archives.archives.pip,
    fetch: (target) => ["cp", [file, target]],
    sha256
  }
  return { archive, target: `${folder}/target` }
})

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex")

describe("Archives", () => {
  it.effect("refuses an archive with another digest, and names both digests", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { archive, target } = yield* copied("something else", digestOf("the archive"))
      const { message } = yield* Effect.flip(Archives.install(archive, target))
      for (const part of ["archive.zip", digestOf("something else"), digestOf("the archive")]) {
        assert.include(message, part)
      }
      assert.isFalse(yield* fs.exists(target))
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("reports an archive that cannot be unpacked", () =>
    Effect.gen(function* () {
      const { archive, target } = yield* copied("no archive", digestOf("no archive"))
      const { message } = yield* Effect.flip(Archives.install(archive, target))
      assert.include(message, "cannot be unpacked")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("reports the error of the registry's client, or that it fetched nothing", () =>
    Effect.gen(function* () {
      const { archive, target } = yield* copied("", "")
      const failing: Archives.Archive = {
        ...archive,
        fetch: () => ["sh", ["-c", "echo looking; echo 'ERROR: there is no such version' >&2; echo bye; exit 1"]]
      }
      const failed = yield* Effect.flip(Archives.install(failing, target))
      assert.strictEqual(failed.message, "ERROR: there is no such version")
      const absent: Archives.Archive = { ...archive, fetch: () => ["no-such-program", []] }
      assert.include((yield* Effect.flip(Archives.install(absent, target))).message, "no-such-program")
      const idle: Archives.Archive = { ...archive, fetch: () => ["true", []] }
      assert.strictEqual((yield* Effect.flip(Archives.install(idle, target))).message, "pip fetched nothing")
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
