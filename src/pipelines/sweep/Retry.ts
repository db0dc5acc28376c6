/**
 * Tries again what failed for a reason that may pass.
 *
 * Law: a failure that would repeat itself exactly is not tried again: a run that diverged, data that is damaged.
 */
import { Duration, Effect } from "effect"
import { EngineError } from "../../core/Engine.ts"
import { StoreError } from "../files/StoreError.ts"

/** Problems of a disk that may be full or out of reach for a while. */
const passing: ReadonlyArray<string> = ["cannot write", "cannot read", "no space"]

/** Whether a failure may not repeat itself. */
export const mayPass = (failure: unknown): boolean =>
  failure instanceof EngineError || (failure instanceof StoreError && passing.includes(failure.problem))

/** A second before the first time, then twice as long each time, at most a minute. */
const pause = (time: number): Duration.Duration => Duration.seconds(Math.min(60, 2 ** (time - 1)))

/** Makes an attempt again after failures that may pass, up to `retries` times; `what` is for messages. */
export const withRetries = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  attempt: Effect.Effect<A, E, R>,
  { retries, what }: { readonly retries: number; readonly what: string }
): Effect.Effect<A, E, R> => {
  const from = (time: number): Effect.Effect<A, E, R> =>
    Effect.catchIf(
      attempt,
      (failure) => time <= retries && mayPass(failure),
      (failure) =>
        Effect.logWarning(`${what} is tried again (${time} of ${retries}). ${failure.message}`).pipe(
          Effect.andThen(Effect.sleep(pause(time))),
          Effect.andThen(from(time + 1))
        )
    )
  return Effect.suspend(() => from(1))
}
