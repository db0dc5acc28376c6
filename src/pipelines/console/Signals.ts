/**
 * A second SIGINT or SIGTERM exits immediately.
 *
 * The first signal interrupts the program, which then saves its state; a user who does not want to wait sends another.
 * Files are consistent at any time, so only the work since the last checkpoint is lost.
 */
import { Clock, Effect, type Scope } from "effect"

const signals = ["SIGINT", "SIGTERM"] as const

/**
 * Signals within this many milliseconds count as one: a terminal sends Ctrl-C to the whole process group, and a package
 * manager forwards it once more.
 */
const same = 500

/** Exits with code 130 at the second signal, while the scope is open. */
export const exitOnSecondSignal: Effect.Effect<void, never, Scope.Scope> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  let first: bigint | undefined
  const onSignal = () => {
    const now = clock.monotonicTimeNanosUnsafe()
    first ??= now
    if (Number(now - first) / 1e6 > same) process.exit(130)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => signals.forEach((signal) => process.on(signal, onSignal))),
    () => Effect.sync(() => signals.forEach((signal) => process.off(signal, onSignal)))
  )
})
