/**
 * The result of a check, in one line.
 */
import { Effect } from "effect"

export interface Finding {
  /** What was checked, in one word. */
  readonly subject: string
  readonly verdict: "ok" | "close" | "FAILED" | "skipped" | "note"
  /** What is correct, what differs, or why it was not checked. */
  readonly message: string
}

/** The result of a check: one statement that holds, or several findings. */
type CheckResult = string | ReadonlyArray<Omit<Finding, "subject">>

export const ok = (message: string): Omit<Finding, "subject"> => ({ verdict: "ok", message })
/** Not equal, but within the tolerance for another environment. */
export const close = (message: string): Omit<Finding, "subject"> => ({ verdict: "close", message })
export const failed = (message: string): Omit<Finding, "subject"> => ({ verdict: "FAILED", message })
export const skipped = (message: string): Omit<Finding, "subject"> => ({ verdict: "skipped", message })
/** Information that is neither a success nor a failure. */
export const note = (message: string): Omit<Finding, "subject"> => ({ verdict: "note", message })

/** One failed finding per fault, or `holds` if there is none. */
export const failuresOr = (faults: ReadonlyArray<string>, holds: string): ReadonlyArray<Omit<Finding, "subject">> =>
  faults.length === 0 ? [ok(holds)] : faults.map(failed)

/** `1 epoch` or `3 epochs`. */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`

/** The findings of a check; an error is a failed finding. */
export const check = <E extends { readonly message: string }, R>(
  subject: string,
  effect: Effect.Effect<CheckResult, E, R>
): Effect.Effect<ReadonlyArray<Finding>, never, R> =>
  Effect.map(
    Effect.catch(effect, (error) => Effect.succeed<CheckResult>([failed(error.message.replaceAll(/\s*\n\s*/g, " "))])),
    (says) => (typeof says === "string" ? [ok(says)] : says).map((said) => ({ subject, ...said }))
  )

/** `  ok      manifest     every field has its digest`. */
export const formatFinding = ({ message, subject, verdict }: Finding): string =>
  `  ${verdict.padEnd(7)}  ${subject.padEnd(11)}  ${message}`
