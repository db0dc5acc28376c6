/**
 * The memory of a process on Linux.
 */
import { Effect, FileSystem, Option } from "effect"
import type { Memory } from "./Results.ts"

/** Parses lines such as `VmRSS:  1024 kB`; in MiB. */
export const memoryOf = (status: string): Memory | undefined => {
  const [resident, anonymous, peak] = ["VmRSS", "RssAnon", "VmHWM"].map((field) => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]
    return kibibytes === undefined ? undefined : Math.round(Number(kibibytes) / 102.4) / 10
  })
  return resident === undefined || anonymous === undefined || peak === undefined
    ? undefined
    : { resident, anonymous, peak }
}

/** None if the process has exited or the system has no such file. */
export const read = (pid: number): Effect.Effect<Option.Option<Memory>, never, FileSystem.FileSystem> =>
  FileSystem.FileSystem.use((fs) => fs.readFileString(`/proc/${pid}/status`)).pipe(
    Effect.map((status) => Option.fromUndefinedOr(memoryOf(status))),
    Effect.orElseSucceed(() => Option.none())
  )
