/**
 * Gives a reader many damaged inputs, drawn from seeds, and holds it to the law of readers: each is either accepted with the
 * content that it says, or refused with an error of the reader's own type; none ends in a defect, takes for ever, or takes
 * memory that its size does not warrant.
 */
import { assert } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { amount } from "../LongTests.ts"
import { type Draw, drawing } from "./Mutations.ts"
import { watch } from "./Watchdog.ts"

export interface Fuzzed<Case, A, E, R> {
  /** For messages. */
  readonly name: string
  /** Damaged inputs in the short version; default: 1,000; twenty times as many in the long one. */
  readonly count?: number
  readonly draw: (draw: Draw) => Case
  readonly read: (input: Case) => Effect.Effect<A, E, R>
  /** Whether an error is one of the reader's own. */
  readonly refusal: (error: E) => boolean
  /** Compares what was accepted with what the input says; fails by an assertion. */
  readonly accepted: (found: A, input: Case) => void
  /** Looks at what was refused, where the reader must accept some inputs; fails by an assertion. */
  readonly refused?: (input: Case, error: E) => void
  /** Most bytes of buffers that one reading may take; default: 64 MiB. */
  readonly maximumBytes?: number
}

/** What became of the inputs. */
export interface Outcomes {
  readonly accepted: number
  readonly refused: number
}

/** Far above what any reading takes, on a busy machine too. */
const limit = "30 seconds"

/**
 * Bytes of buffers and arrays of numbers, which are what a size in a header makes a reader ask for. The rest, that of
 * libraries included, shows in the process's memory at its height.
 */
const bufferBytes = (): number => process.memoryUsage().arrayBuffers

/** Memory in use at its height, in bytes. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024

/** Tries the inputs of all seeds. A fault names its seed, and the same seed makes the same input again. */
export const fuzz = <Case, A, E, R>(fuzzed: Fuzzed<Case, A, E, R>): Effect.Effect<Outcomes, never, R> =>
  Effect.gen(function* () {
    const { maximumBytes = 64 * 2 ** 20, name, refusal } = fuzzed
    const outcomes = { accepted: 0, refused: 0 }
    const one = Effect.fnUntraced(function* (seed: number) {
      const input = fuzzed.draw(drawing(seed))
      const before = bufferBytes()
      const exit = yield* fuzzed.read(input).pipe(Effect.timeoutOption(limit), Effect.exit)
      assert.isBelow(bufferBytes() - before, maximumBytes, "takes too much memory")
      if (Exit.isSuccess(exit)) {
        if (exit.value._tag === "None") assert.fail(`does not end within ${limit}`)
        outcomes.accepted++
        return fuzzed.accepted(exit.value.value, input)
      }
      // More than one where things were read at once.
      const reasons = exit.cause.reasons.filter(Cause.isFailReason)
      const [reason] = reasons
      const isRefusal = reasons.length === exit.cause.reasons.length && reasons.every(({ error }) => refusal(error))
      if (reason === undefined || !isRefusal) assert.fail(`is no refusal: ${Cause.pretty(exit.cause)}`)
      outcomes.refused++
      fuzzed.refused?.(input, reason.error)
    })
    const watchdog = yield* watch(name)
    const count = amount(1, 20) * (fuzzed.count ?? 1000)
    const peak = peakBytes()
    for (let seed = 1; seed <= count; seed++) {
      watchdog.beat(seed)
      yield* one(seed).pipe(
        Effect.catchDefect((fault) => {
          const words = fault instanceof Error ? fault.message : String(fault)
          return Effect.die(new Error(`${name}, seed ${seed}: ${words}`, { cause: fault }))
        })
      )
    }
    assert.isBelow(peakBytes() - peak, 2 ** 30, `${name}: memory grows`)
    console.log(`${name}: ${count} inputs, ${outcomes.accepted} accepted, ${outcomes.refused} refused`)
    return outcomes
  }).pipe(Effect.scoped)

/** Whether an error has one of these tags. */
export const hasTag =
  (...tags: ReadonlyArray<string>) =>
  (error: { readonly _tag: string }): boolean =>
    tags.includes(error._tag)
