import { existsSync, readFileSync } from "node:fs"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

/** A file of the system's own; its path. */
const systemFile = (path: string, isThere: boolean): Capability.Capability<string> =>
  Capability.make(
    { name: path, remedy: "run the tests on Linux" },
    isThere ? Result.succeed(path) : Result.fail("there is none")
  )

/** Linux with its files about processes. */
export const linux: Capability.Capability<string> = systemFile("/proc/self/stat", existsSync("/proc/self/stat"))

/** The machine's identity, which outlives a restart. Empty in some containers. */
export const machineId: Capability.Capability<string> = systemFile(
  "/etc/machine-id",
  existsSync("/etc/machine-id") && readFileSync("/etc/machine-id", "utf8").trim() !== ""
)

/** A disk that is full. */
export const fullDisk: Capability.Capability<string> = systemFile("/dev/full", existsSync("/dev/full"))
