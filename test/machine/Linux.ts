import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { release } from "node:os"
import { join } from "node:path"
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

/** A kernel that can forbid a process new executable memory: prctl's `PR_SET_MDWE`, since Linux 6.3. */
export const memoryDenyWriteExecute: Capability.Capability<string> = Capability.make(
  { name: "forbidding executable memory", remedy: "run the tests on Linux 6.3 or later" },
  process.platform === "linux" && release().localeCompare("6.3", "en", { numeric: true }) >= 0
    ? Result.succeed(release())
    : Result.fail(`the system is ${process.platform} ${release()}`)
)

/** A folder of control groups in which new ones can be made, and the file that limits the processor time of one. */
interface CpuLimits {
  readonly root: string
  readonly limit: (share: number) => readonly [file: string, text: string]
}

const period = 100_000
const limits: ReadonlyArray<CpuLimits> = [
  { root: "/sys/fs/cgroup", limit: (share) => ["cpu.max", `${share * period} ${period}`] },
  { root: "/sys/fs/cgroup/cpu", limit: (share) => ["cpu.cfs_quota_us", `${share * period}`] }
]

/** Makes a control group whose processes get this share of a processor together, and gives its folder and an end. */
const limited =
  ({ limit, root }: CpuLimits) =>
  (share: number) => {
    const folder = mkdtempSync(join(root, "test-"))
    const [file, text] = limit(share)
    try {
      if (existsSync(join(root, "cgroup.subtree_control"))) writeFileSync(join(root, "cgroup.subtree_control"), "+cpu")
      writeFileSync(join(folder, file), text)
    } catch (error) {
      rmdirSync(folder)
      throw error
    }
    return { folder, end: () => rmdirSync(folder) }
  }

const tryLimits = (): ReturnType<typeof limited> | undefined => {
  for (const way of limits) {
    try {
      accessSync(way.root, constants.W_OK)
      limited(way)(0.5).end()
      return limited(way)
    } catch {
      // Another version of control groups, or none that may be changed.
    }
  }
  return undefined
}

const foundLimits = tryLimits()

/** Limits of processor time, as containers have them. */
export const cpuLimits: Capability.Capability<ReturnType<typeof limited>> = Capability.make(
  { name: "control groups", remedy: "run the tests as root on Linux with the cpu controller" },
  foundLimits === undefined ? Result.fail("no group with a limit can be made") : Result.succeed(foundLimits)
)
