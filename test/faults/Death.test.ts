/**
 * The process dies, is interrupted or meets a faulty disk at each of the operations by which a small run writes. The
 * folder can be read at that moment, and an honest process brings the run to the bits of one that was never broken.
 *
 * `VAE_LONG_TESTS=1` has the process die at every operation; without it some are drawn from a seed.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Cause, Effect, Exit, FileSystem, Option, Predicate, Runtime } from "effect"
import * as AtomicFile from "../../src/pipelines/files/AtomicFile.ts"
import { amount } from "../LongTests.ts"
import { drawing } from "../fuzz/Mutations.ts"
import * as Faulty from "../pipelines/FaultyFileSystem.ts"
import { assertDone, assertReadable, left, live, platform, resultsFolder, runIn } from "./Life.ts"

interface Way {
  readonly name: string
  readonly code: string
  readonly forever: boolean
  /** What a person is told, where the fault is one to tell of. */
  readonly words?: RegExp
}

const ways: ReadonlyArray<Way> = [
  // Nothing at all can be written any more, as by a killed process.
  { name: "dies", code: "EIO", forever: true },
  { name: "is interrupted", code: "interrupt", forever: false },
  {
    name: "finds the disk full for once",
    code: "ENOSPC",
    forever: false,
    words: /its disk is full; free some space/
  },
  {
    name: "finds the disk full from then on",
    code: "ENOSPC",
    forever: true,
    words: /its disk is full; free some space/
  },
  {
    name: "finds the folder read-only",
    code: "EROFS",
    forever: true,
    words: /cannot be written; check .* not read-only, or .*--results/
  },
  {
    name: "may not write for once",
    code: "EACCES",
    forever: false,
    words: /cannot be written; check the folder's permissions/
  }
]

/**
 * Which operations are tried: all of those at which a process dies, else one drawn from each of as many equal parts.
 */
const moments = (total: number, { code, name }: Way): ReadonlyArray<number> => {
  const parts = amount(3, code === "EIO" ? total : Math.ceil(total / 3))
  const draw = drawing(name.length)
  return Array.from({ length: parts }, (_, part) => 1 + Math.floor(((part + draw.unit()) * total) / parts))
}

/** Names of temporary files in a folder. */
const temporaries = Effect.fnUntraced(function* (folder: string) {
  const names = yield* FileSystem.FileSystem.use((fs) => fs.readDirectory(folder, { recursive: true }))
  return names.filter((name) => AtomicFile.isTemporary(name.slice(name.lastIndexOf("/") + 1)))
})

/** Names the files that differ. */
const assertSame = (found: Readonly<Record<string, string>>, expected: Readonly<Record<string, string>>): void => {
  const paths = [...new Set([...Object.keys(found), ...Object.keys(expected)])]
  assert.deepStrictEqual(
    paths.filter((path) => found[path] !== expected[path]),
    []
  )
}

/** Runs in a folder until it meets the fault; also says how often it was about to write. */
const breaking = Effect.fnUntraced(function* (results: string, fault: Faulty.Fault) {
  const { fileSystem, operations } = Faulty.make(yield* FileSystem.FileSystem, fault)
  return { ...(yield* live(results, { fileSystem })), operations: operations() }
})

let known: { readonly operations: number; readonly expected: Readonly<Record<string, string>> } | undefined

/** What a run that is never broken leaves, and by how many operations. */
const unbroken = Effect.gen(function* () {
  if (known !== undefined) return known
  const results = yield* resultsFolder
  const lived = yield* breaking(results, { at: Number.POSITIVE_INFINITY, code: "", forever: false })
  assertDone(lived)
  assert.strictEqual(yield* assertReadable(results), "done")
  known = { operations: lived.operations, expected: yield* left(results) }
  assert.isAbove(known.operations, 150)
  return known
})

describe("a run whose process", () => {
  layer(platform)((it) => {
    it.effect.each(ways)("$name at any write leaves a readable folder, and resumes to the same bits", (way) =>
      Effect.gen(function* () {
        const { code, forever, name, words } = way
        const { expected, operations } = yield* unbroken
        const statuses: Record<string, number> = {}

        const survive = Effect.fnUntraced(function* (at: number) {
          const results = yield* resultsFolder
          const { exit, said } = yield* breaking(results, { at, code, forever })
          const status = yield* assertReadable(results)
          statuses[status ?? "none"] = (statuses[status ?? "none"] ?? 0) + 1
          if (Exit.isFailure(exit)) {
            assert.isFalse(Cause.hasDies(exit.cause), String(exit.cause))
            assert.strictEqual(Cause.hasInterrupts(exit.cause), code === "interrupt")
            const error = Cause.squash(exit.cause)
            // What has no exit code of its own gets 1.
            assert.isTrue(!Predicate.hasProperty(error, Runtime.errorExitCode) || error[Runtime.errorExitCode] === 1)
            const told = [error, ...said].join("\n")
            if (words !== undefined) assert.match(told, words)
          }
          if (!forever)
            assert.deepStrictEqual(yield* temporaries(results), [], "a failed write leaves something behind")
          const again = yield* live(results)
          assertDone(again)
          assert.strictEqual(yield* assertReadable(results), "done")
          assertSame(yield* left(results), expected)
          const run = (yield* runIn(results))!
          assert.deepStrictEqual(yield* temporaries(run.directory), [])
          const { earlier = [], fromStep } = Option.getOrThrow(yield* run.manifest)
          assert.isTrue(earlier.every((part) => part.fromStep! < fromStep!))
        })

        const tried = moments(operations, way)
        for (const at of tried) {
          yield* Effect.scoped(survive(at)).pipe(
            Effect.catchCause((cause) => Effect.die(new Error(`${code} at operation ${at}: ${Cause.pretty(cause)}`)))
          )
        }
        console.log(`${name}: ${tried.length} of ${operations} operations; left ${JSON.stringify(statuses)}`)
      }).pipe(Effect.scoped)
    )
  })
})
