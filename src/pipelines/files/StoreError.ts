/**
 * Errors of the run store's files.
 */
import type { PlatformError } from "effect/PlatformError"
import { Predicate, Schema } from "effect"

/**
 * - `cannot write`, `cannot read`: permissions, a read-only disk, an invalid name, a faulty disk;
 * - `no space`: the disk or the quota is full;
 * - `not a folder`: a file is in the place of a folder;
 * - `corrupt`: a file's content has changed;
 * - `unknown format`: written by a version with another format.
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

/** A file of the run store could not be written, read or verified. */
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

/** An error for damaged or modified content. */
export const corrupt = (path: string, what: string): StoreError =>
  new StoreError({
    path,
    problem: "corrupt",
    reason: `${what}; the file is damaged or was changed: restore it from a copy, or move it away to create it again`
  })

/** An error for a format that this version does not support. */
export const unknownFormat = (path: string, found: string, readable: ReadonlyArray<string>): StoreError =>
  new StoreError({
    path,
    problem: "unknown format",
    reason: `its format is ${found}, but this version of effect-vae reads only ${readable.join(" and ")}; use the version that wrote it, or another folder with --results`
  })

/** The operating system's error code, such as `ENOSPC`, if any. */
const codeOf = (error: PlatformError): string | undefined => {
  const { cause } = error.reason
  return Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : undefined
}

const advice = {
  "no space": "its disk is full; free some space, then run the same command again: complete files are kept",
  "not a folder": "a file is in the place of a folder; move the file away or choose another folder with --results",
  "cannot write":
    "cannot be written; check the folder's permissions and that its disk is not read-only, or choose another folder with --results",
  "cannot read": "cannot be read; check its permissions and that it is a regular file"
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

/** Converts a failed operation on `path`. */
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
