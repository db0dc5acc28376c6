/**
 * What a second SIGINT or SIGTERM does: it leaves at once.
 *
 * The first interrupts the program, which then keeps what it has; a person who does not want to wait for that sends
 * another. What is on the disk is whole at every moment, so that nothing but the time since the last checkpoint is lost.
 */
import { Clock, Effect, type Scope } from "effect"

const signals = ["SIGINT", "SIGTERM"] as const

/**
 * Signals this close to each other are one, in milliseconds: of one Ctrl-C a terminal tells the whole group of processes,
 * and a package manager that started the program tells it once more.
 */
const same = 500

/** Leaves with exit code 130 at the second signal, for the time of the scope. */
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
