/**
 * npm with a registry that it reaches.
 */
import { spawnSync } from "node:child_process"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

const { error, status, stderr } = spawnSync("npm", ["view", "effect@4.1.0", "version"], {
  encoding: "utf8",
  timeout: 20_000
})

const reason = error?.message ?? stderr.trim().split("\n").at(0) ?? ""

export const npmRegistry: Capability.Capability<string> = Capability.make(
  { name: "npm registry", remedy: "run the tests with a network, or with npm's registry set to one that is reached" },
  status === 0 ? Result.succeed("npm") : Result.fail(`npm view effect fails: ${reason}`)
)
