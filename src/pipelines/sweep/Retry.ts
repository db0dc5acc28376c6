/**
 * Retries after failures that may be transient.
 *
 * Law: a failure that would repeat itself, such as divergence or damaged data, is not retried.
 */
import { Duration, Effect } from "effect"
import { EngineError } from "../../core/Engine.ts"
import { StoreError } from "../files/StoreError.ts"

/** Storage problems that may be transient. */
const passing: ReadonlyArray<string> = ["cannot write", "cannot read", "no space"]

/** Whether a failure may not repeat itself. */
export const mayPass = (failure: unknown): boolean =>
  failure instanceof EngineError || (failure instanceof StoreError && passing.includes(failure.problem))

/** Delay before a retry: one second, doubled each time, at most one minute. */
const pause = (time: number): Duration.Duration => Duration.seconds(Math.min(60, 2 ** (time - 1)))

/** Retries an effect up to `retries` times after transient failures; `what` names it in messages. */
export const withRetries = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  attempt: Effect.Effect<A, E, R>,
  { retries, what }: { readonly retries: number; readonly what: string }
): Effect.Effect<A, E, R> => {
  const from = (time: number): Effect.Effect<A, E, R> =>
    Effect.catchIf(
      attempt,
      (failure) => time <= retries && mayPass(failure),
      (failure) =>
        Effect.logWarning(`${what} is retried (${time} of ${retries}). ${failure.message}`).pipe(
          Effect.andThen(Effect.sleep(pause(time))),
          Effect.andThen(from(time + 1))
        )
    )
  return Effect.suspend(() => from(1))
}
