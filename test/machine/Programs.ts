import { spawnSync } from "node:child_process"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

/** A program on the PATH. */
const program = (name: string, args: ReadonlyArray<string>): Capability.Capability<string> =>
  Capability.make(
    { name, remedy: `install ${name}` },
    spawnSync(name, args, { stdio: "ignore" }).status === 0
      ? Result.succeed(name)
      : Result.fail(`no ${name} on the PATH`)
  )

/** Makes certificates. */
export const openssl: Capability.Capability<string> = program("openssl", ["version"])

export const git: Capability.Capability<string> = program("git", ["--version"])
