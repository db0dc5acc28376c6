import { spawnSync } from "node:child_process"
import { Result } from "effect"
import * as Capability from "./Capability.ts"

const ip = (...args: ReadonlyArray<string>) => spawnSync("ip", args, { encoding: "utf8" })

const find = (): Result.Result<string, string> => {
  const name = `vae-probe-${process.pid}`
  const { error, status, stderr } = ip("netns", "add", name)
  if (error !== undefined) return Result.fail("no ip on the PATH")
  if (status !== 0) return Result.fail(stderr.trim().split("\n")[0] ?? "ip netns add fails")
  const veth = ip("link", "add", `vp${process.pid}`, "type", "veth", "peer", "name", "probe", "netns", name)
  ip("netns", "delete", name)
  return veth.status === 0 ? Result.succeed("ip") : Result.fail(veth.stderr.trim())
}

/** Processes in network namespaces of their own; the program that makes them. */
export const networkNamespaces: Capability.Capability<string> = Capability.make(
  { name: "network namespaces", remedy: "install iproute2 and run the tests as root" },
  find()
)
