/**
 * One file of a run is damaged, emptied, gone or something else: an unfinished run comes to the bits of one that was never
 * broken or is refused with the file's name, and a finished one is found, mended or refused; never worse.
 *
 * `VAE_LONG_TESTS=1` damages every file in every way, without it some are drawn from a seed.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem } from "effect"
import { isTemporary } from "../../src/pipelines/files/AtomicFile.ts"
import { amount } from "../LongTests.ts"
import { damage, drawing } from "../fuzz/Mutations.ts"
import { filesOf } from "../pipelines/Command.ts"
import * as Faulty from "../pipelines/FaultyFileSystem.ts"
import { assertDone, left, live, platform, resultsFolder, runIn } from "./Life.ts"

type Harm = (path: string, seed: number) => void

const harms: Readonly<Record<string, Harm>> = {
  changed: (path, seed) => writeFileSync(path, damage(readFileSync(path), drawing(seed))),
  "cut in half": (path) => writeFileSync(path, readFileSync(path).subarray(0, readFileSync(path).length / 2)),
  empty: (path) => writeFileSync(path, ""),
  "full of zeros": (path) => writeFileSync(path, new Uint8Array(readFileSync(path).length)),
  gone: (path) => rmSync(path),
  "a folder": (path) => {
    rmSync(path)
    mkdirSync(path)
  }
}

/** Interrupts the run in its second epoch: when it is about to keep that epoch's snapshot. */
const untilSecondEpoch = Effect.fnUntraced(function* (results: string) {
  const real = yield* FileSystem.FileSystem
  const { fileSystem } = Faulty.make(
    FileSystem.FileSystem.of({
      ...real,
      open: (path, options) => (basename(path).startsWith(".epoch-0002.") ? Effect.interrupt : real.open(path, options))
    }),
    { at: Number.POSITIVE_INFINITY, code: "", forever: false }
  )
  const { exit } = yield* live(results, { fileSystem })
  assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
})

describe("a run of which one file", () => {
  layer(platform)((it) => {
    it.effect.each(["unfinished", "finished"] as const)("is damaged, when %s", (state) =>
      Effect.gen(function* () {
        const source = yield* resultsFolder
        if (state === "finished") assertDone(yield* live(source))
        else yield* untilSecondEpoch(source)
        const honest = yield* resultsFolder
        assertDone(yield* live(honest))
        const expected = yield* left(honest)
        const files = (yield* Effect.promise(() => filesOf(source))).filter(
          (path) => !path.startsWith(".") && !isTemporary(basename(path)) && !path.startsWith("small/report")
        )
        assert.isAbove(files.length, 8)
        const outcomes = { same: 0, other: 0, refused: 0 }

        const survive = Effect.fnUntraced(function* (path: string, harm: Harm, seed: number) {
          const results = yield* resultsFolder
          cpSync(source, results, { recursive: true })
          harm(join(results, path), seed)
          const { exit, said } = yield* live(results)
          if (Exit.isFailure(exit)) {
            outcomes.refused++
            assert.isFalse(Cause.hasDies(exit.cause) || Cause.hasInterrupts(exit.cause), String(exit.cause))
            const told = [Cause.squash(exit.cause), ...said].join("\n")
            // A snapshot that is gone is known by its epoch.
            const epoch = /epoch-0*(\d+)\.safetensors$/.exec(path)?.[1]
            const isNamed = told.includes(join(results, path)) || told.includes(`at epoch ${epoch} were not saved`)
            return assert.isTrue(isNamed, `the file is not named in ${told}`)
          }
          const found = yield* left(results)
          const differing = [...new Set([...Object.keys(found), ...Object.keys(expected)])].filter(
            (name) => found[name] !== expected[name]
          )
          outcomes[differing.length === 0 ? "same" : "other"]++
          if (state === "unfinished") return assert.deepStrictEqual(differing, [])
          // What is made of the run is not looked at again once it is there: to check it is what "verify" is for. The sweep's
          // page shows it; the numbers of the sweep are made anew.
          const run = (yield* runIn(results))!
          for (const name of differing) {
            assert.isTrue(join(results, name).startsWith(run.directory) || name.startsWith("small/report/"), name)
          }
        })

        const cases = files.flatMap((path, index) =>
          Object.entries(harms).map(([name, harm], place) => ({ path, name, harm, seed: 100 * index + place }))
        )
        const draw = drawing(state.length)
        const tried = cases.filter(() => draw.chance(amount(8 / cases.length, 1)))
        for (const { harm, name, path, seed } of tried) {
          yield* Effect.scoped(survive(path, harm, seed)).pipe(
            Effect.catchCause((cause) => Effect.die(new Error(`${path} is ${name}: ${Cause.pretty(cause)}`)))
          )
        }
        console.log(`${state}: ${tried.length} of ${cases.length} damages; ${JSON.stringify(outcomes)}`)
      }).pipe(Effect.scoped)
    )
  })
})
