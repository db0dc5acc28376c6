/**
 * What can go wrong between a run and its folder.
 */
import type { PlatformError } from "effect/PlatformError"
import { Predicate, Schema } from "effect"

/**
 * - `cannot write`, `cannot read`: permission, a read-only disk, a name that no folder can have, a faulty disk;
 * - `no space`: the disk or the quota is full;
 * - `not a folder`: a file stands where a folder is needed;
 * - `corrupt`: a file's content is not what was written;
 * - `unknown format`: written by a version whose format is not known here.
 */
export const Problem = Schema.Literals([
  "cannot write",
  "cannot read",
  "no space",
  "not a folder",
  "corrupt",
  "unknown format"
])
export type Problem = typeof Problem.Type

/** A file of the run store could not be written or cannot be trusted. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  path: Schema.String,
  problem: Problem,
  /** What is wrong and what to do. */
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.path}: ${this.reason}`
  }
}

/** An error for content that is not what was written. */
export const corrupt = (path: string, what: string): StoreError =>
  new StoreError({
    path,
    problem: "corrupt",
    reason: `${what}; the file is damaged or was changed: restore it from a copy, or move it away to have it made again`
  })

/** An error for content of a format that this version does not know: a newer one's, or one that is read no more. */
export const unknownFormat = (path: string, found: string, readable: ReadonlyArray<string>): StoreError =>
  new StoreError({
    path,
    problem: "unknown format",
    reason: `its format is ${found}, and this version of effect-vae reads ${readable.join(" and ")} only; use the version that wrote it, or another folder with --results`
  })

/** The operating system's code of a failure, such as `ENOSPC`, where it gave one. */
const codeOf = (error: PlatformError): string | undefined => {
  const { cause } = error.reason
  return Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : undefined
}

const advice = {
  "no space":
    "no space is left on its disk; free some, then give the same command again: what was whole before is kept",
  "not a folder": "a file stands where a folder is needed; move that file away or choose another folder with --results",
  "cannot write":
    "cannot be written; see who owns its folder and that its disk is not read-only, or choose another folder with --results",
  "cannot read": "cannot be read; see who owns it and that it is a regular file"
} as const

const problemOf = (error: PlatformError, access: "read" | "write"): keyof typeof advice => {
  switch (codeOf(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return "no space"
    case "ENOTDIR":
    case "EEXIST":
      return "not a folder"
    default:
      return access === "write" ? "cannot write" : "cannot read"
  }
}

/** Tells what a failed operation on `path` means. */
export const fromPlatform =
  (path: string, access: "read" | "write") =>
  (error: PlatformError): StoreError => {
    const problem = problemOf(error, access)
    return new StoreError({
      path,
      problem,
      reason: `${advice[problem]} (${codeOf(error) ?? error.message})`,
      cause: error
    })
  }
