/**
 * The real file system, of which one writing operation fails, or from which on all fail as if the process had been killed.
 */
import { Effect, FileSystem, PlatformError } from "effect"

export interface Fault {
  /** Which writing operation fails, 1 for the first; a failing `writeAll` writes half of its bytes. */
  readonly at: number
  /** What the system says, such as `ENOSPC`, or `interrupt`. */
  readonly code: string
  /** Whether every later writing operation fails too: no cleaning up after a kill. */
  readonly forever: boolean
}

const failure = (code: string, path: string) =>
  PlatformError.systemError({
    _tag: code === "EACCES" || code === "EROFS" ? "PermissionDenied" : "Unknown",
    module: "FileSystem",
    method: "injected",
    pathOrDescriptor: path,
    cause: Object.assign(new Error(`${code}: injected`), { code })
  })

export const make = (fs: FileSystem.FileSystem, fault: Fault) => {
  let operations = 0
  const guard = <A>(
    path: string,
    operation: Effect.Effect<A, PlatformError.PlatformError, any>,
    onFault: Effect.Effect<unknown, unknown> = Effect.void
  ) =>
    Effect.suspend(() => {
      operations++
      const fails = operations === fault.at || (fault.forever && operations > fault.at)
      if (!fails) return operation
      const half = operations === fault.at ? Effect.ignore(onFault) : Effect.void
      return Effect.andThen(
        half,
        fault.code === "interrupt" ? Effect.interrupt : Effect.fail(failure(fault.code, path))
      )
    }) as Effect.Effect<A, PlatformError.PlatformError>
  const guardFile = (path: string, file: FileSystem.File): FileSystem.File => ({
    [FileSystem.FileTypeId]: FileSystem.FileTypeId,
    stat: file.stat,
    seek: (offset, from) => file.seek(offset, from),
    sync: guard(path, file.sync),
    read: (buffer, options) => file.read(buffer, options),
    readAlloc: (size, options) => file.readAlloc(size, options),
    truncate: (length) => guard(path, file.truncate(length)),
    write: (buffer) => guard(path, file.write(buffer)),
    writeAll: (buffer) =>
      guard(path, file.writeAll(buffer), file.writeAll(buffer.subarray(0, Math.floor(buffer.length / 2))))
  })
  const open: FileSystem.FileSystem["open"] = (path, options) =>
    options?.flag === undefined || options.flag === "r"
      ? fs.open(path, options)
      : // The scope is not part of what `guard` knows of.
        (guard(
          path,
          Effect.map(fs.open(path, options), (file) => guardFile(path, file))
        ) as ReturnType<FileSystem.FileSystem["open"]>)
  const fileSystem = FileSystem.FileSystem.of({
    ...fs,
    open,
    makeDirectory: (path, options) => guard(path, fs.makeDirectory(path, options)),
    rename: (from, to) => guard(to, fs.rename(from, to)),
    remove: (path, options) => guard(path, fs.remove(path, options)),
    writeFile: () => Effect.die("a file is written in place"),
    writeFileString: () => Effect.die("a file is written in place")
  })
  return { fileSystem, operations: () => operations }
}
