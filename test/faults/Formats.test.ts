/**
 * Folders that another version of this program wrote, or somebody else: what is known is gone on with, what is not known is
 * refused with what to do, and nothing of it is touched.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem, Option, Result } from "effect"
import { digestOf, type Json } from "../../src/core/Spec.ts"
import * as Safetensors from "../../src/pipelines/files/Safetensors.ts"
import { whatIsLeft } from "../pipelines/Command.ts"
import { assertDone, left, type Lived, live, platform, resultsFolder, runIn } from "./Life.ts"

/** The file system of a process that is interrupted when it is about to keep the first epoch's snapshot. */
const stopping = (fs: FileSystem.FileSystem): FileSystem.FileSystem =>
  FileSystem.FileSystem.of({
    ...fs,
    open: (path, options) => (path.includes("/.epoch-0001.") ? Effect.interrupt : fs.open(path, options))
  })

/** A run that was interrupted at the end of its first epoch: its folder, and its newest checkpoint. */
const unfinished = Effect.gen(function* () {
  const results = yield* resultsFolder
  yield* live(results, { fileSystem: stopping(yield* FileSystem.FileSystem) })
  const run = (yield* runIn(results))!
  const { status } = Option.getOrThrow(yield* run.manifest)
  assert.strictEqual(status, "interrupted")
  const checkpoints = (yield* FileSystem.FileSystem.use((fs) =>
    fs.readDirectory(`${run.directory}/checkpoints`)
  )).sort()
  return {
    results,
    manifest: join(run.directory, "manifest.json"),
    checkpoint: join(run.directory, "checkpoints", checkpoints.at(-1)!)
  }
})

/** What an honest run leaves. */
const expected = Effect.gen(function* () {
  const results = yield* resultsFolder
  assertDone(yield* live(results))
  return yield* left(results)
})

/** Writes a manifest of another version, with the digests that belong to it. */
const editManifest = (path: string, formatVersion: Json, change: (fields: Record<string, Json>) => void): void => {
  const { digests: _digests, formatVersion: _version, ...fields } = JSON.parse(readFileSync(path, "utf8"))
  change(fields)
  const digests = Object.entries(fields as Record<string, Json>).map(([name, value]) => [
    name,
    digestOf(value).slice(0, 16)
  ])
  writeFileSync(path, JSON.stringify({ formatVersion, ...fields, digests: Object.fromEntries(digests) }))
}

/** Writes a checkpoint with other metadata, under a right digest. */
const editCheckpoint = (path: string, change: (metadata: Record<string, string>) => void): void => {
  const { metadata, tensors } = Result.getOrThrow(Safetensors.decode(new Uint8Array(readFileSync(path))))
  const changed = { ...metadata }
  change(changed)
  writeFileSync(path, Buffer.concat(Result.getOrThrow(Safetensors.encode({ tensors, metadata: changed }))))
}

const assertRefused = ({ exit, said }: Lived, ...words: ReadonlyArray<string>): void => {
  assert.isTrue(Exit.isFailure(exit) && !Cause.hasDies(exit.cause) && !Cause.hasInterrupts(exit.cause))
  for (const word of words) assert.include(said.join("\n"), word)
}

describe("a folder of another version", () => {
  layer(platform)((it) => {
    it.effect.each([0, 3, "2", null])("a manifest of version %s is refused and kept", (version) =>
      Effect.gen(function* () {
        const { checkpoint, manifest, results } = yield* unfinished
        editManifest(manifest, version, (fields) => (fields["more"] = "of another version"))
        const before = [readFileSync(manifest), readFileSync(checkpoint)]
        assertRefused(yield* live(results), manifest, `version ${JSON.stringify(version)}`, "--results")
        assert.deepStrictEqual([readFileSync(manifest), readFileSync(checkpoint)], before)
      }).pipe(Effect.scoped)
    )

    it.effect("a checkpoint of a newer version is refused and kept", () =>
      Effect.gen(function* () {
        const { checkpoint, results } = yield* unfinished
        editCheckpoint(checkpoint, (metadata) => (metadata["format"] = "effect-vae checkpoint 99"))
        const before = readFileSync(checkpoint)
        for (const _ of [1, 2]) {
          assertRefused(yield* live(results), checkpoint, "effect-vae checkpoint 99", "--results")
          assert.deepStrictEqual(readFileSync(checkpoint), before)
        }
      }).pipe(Effect.scoped)
    )

    it.effect("a manifest and a checkpoint of version 1 resume to the same bits", () =>
      Effect.gen(function* () {
        const { checkpoint, manifest, results } = yield* unfinished
        editManifest(manifest, 1, (fields) => {
          delete fields["fromStep"]
          delete fields["earlier"]
          delete fields["exit"]
        })
        editCheckpoint(checkpoint, (metadata) => {
          metadata["format"] = "effect-vae checkpoint 1"
          delete metadata["lastFiniteLoss"]
        })
        const lived = yield* live(results)
        assertDone(lived)
        assert.match(lived.said.join("\n"), /was interrupted and resumes from step [1-9]/)
        assert.deepStrictEqual(yield* left(results), yield* expected)
      }).pipe(Effect.scoped)
    )
  })
})

describe("foreign files in a results folder", () => {
  layer(platform)((it) => {
    it.effect("are ignored and kept", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { manifest, results } = yield* unfinished
        const run = join(manifest, "..")
        const foreign = [
          "notes.txt",
          ".hidden",
          "photos/a.jpg",
          "photos/summary.txt",
          "small/README.md",
          "small/0123456789ab.txt",
          "small/ffffffffffff/empty",
          "small/older/manifest.json",
          "elsewhere/ffffffffffff/manifest.json"
        ].map((name) => join(results, name))
        foreign.push(
          ...["notes.txt", "checkpoints/step-x.safetensors", "snapshots/notes", "figures/photo.png"].map((name) =>
            join(run, name)
          )
        )
        for (const path of foreign) {
          yield* fs.makeDirectory(join(path, ".."), { recursive: true })
          yield* fs.writeFileString(path, `mine: ${path}`)
        }
        assertDone(yield* live(results))
        for (const path of foreign) assert.strictEqual(yield* fs.readFileString(path), `mine: ${path}`)
        const own = Object.entries(yield* Effect.promise(() => whatIsLeft(results))).filter(
          ([path]) => !foreign.includes(join(results, path))
        )
        assert.deepStrictEqual(Object.fromEntries(own), yield* expected)
      }).pipe(Effect.scoped)
    )
  })
})
