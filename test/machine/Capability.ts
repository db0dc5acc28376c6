/**
 * What some tests need of the machine that they run on: a browser, an instruction set, a server, a dataset.
 *
 * Laws: each module of this folder asks for its capability once; a suite or a test that `needs` a missing one is skipped,
 * and the list at the end of the run names it with the reason and the remedy (`SkippedTests.ts`).
 *
 * ```ts
 * describe("The report in a browser", needs(chromium), () => { ... })
 * ```
 */
import { Result } from "effect"
import type { TestOptions } from "vitest"

/** What a capability is called, and how to get it where the reason for its absence does not say so. */
export interface Description {
  readonly name: string
  readonly remedy?: string
}

/** A capability that this machine lacks, and why. */
export interface Missing extends Description {
  readonly reason: string
}

/** A capability, with what tests use of it: a path, a layer, an address. */
export interface Capability<A> {
  /** Undefined where it is missing. */
  readonly value: A | undefined
  readonly missing: Missing | undefined
}

declare module "vitest" {
  interface TaskMeta {
    /** What this machine lacks for a skipped suite. */
    missing?: ReadonlyArray<Missing>
  }
}

/** A capability from what was found, or the reason why it is missing. */
export const make = <A>(description: Description, found: Result.Result<A, string>): Capability<A> =>
  Result.match(found, {
    onSuccess: (value): Capability<A> => ({ value, missing: undefined }),
    onFailure: (reason) => ({ value: undefined, missing: { ...description, reason } })
  })

/** Options of a suite or a test: it is skipped where any of the capabilities is missing. */
export const needs = (...capabilities: ReadonlyArray<Capability<unknown>>): TestOptions => {
  const missing = capabilities.flatMap((capability) => capability.missing ?? [])
  return missing.length === 0 ? {} : { skip: true, meta: { missing } }
}
