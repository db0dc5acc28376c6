/**
 * Processes that stand for machines: workers and submitters, each with a results folder of its own.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { Effect } from "effect"
import * as Calls from "../commands/Calls.ts"
import type { Called } from "../commands/Calls.ts"

export const file = "./test/pipelines/cluster/ClusterExperiment.ts"

/** Seconds that a worker of these tests may be silent. */
export const leaseSeconds = 3
process.env["VAE_CLUSTER_LEASE"] = String(leaseSeconds)

export interface Machine {
  readonly pid: number
  readonly output: () => string
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Waits until the output matches. */
  readonly until: (pattern: RegExp, seconds?: number) => Promise<void>
}

/** Everything that was started and has not ended. */
const running = new Set<ChildProcess>()

/** Ends what a test left, stopped processes as well. */
export const endAll = async (): Promise<void> => {
  await Promise.all(
    [...running].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.once("close", () => resolve())
          child.kill("SIGKILL")
        })
    )
  )
}

/** Starts `exp` with these arguments, by another program where one is given. */
export const exp = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {},
  [program, ...first]: readonly [string, ...Array<string>] = [process.execPath]
): Machine => {
  const child = spawn(program, [...first, "src/main.ts", ...args], {
    env: {
      ...process.env,
      VAE_OFFLINE: "1",
      VAE_DATA_DIR: "",
      NO_COLOR: "1",
      INIT_CWD: process.cwd(),
      ...env
    }
  })
  running.add(child)
  let output = ""
  const collect = (chunk: Buffer) => void (output += chunk.toString())
  child.stdout.on("data", collect)
  child.stderr.on("data", collect)
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on("close", (code, signal) => {
      running.delete(child)
      resolve(code ?? signal)
    })
  )
  return {
    pid: child.pid!,
    output: () => output,
    ended,
    kill: (signal) => void child.kill(signal),
    until: async (pattern, seconds = 60) => {
      for (const start = performance.now(); !pattern.test(output);) {
        if (performance.now() - start > seconds * 1000) throw new Error(`${pattern} is not said: ${output}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
}

/** A worker whose runs are in `folder/NAME`. */
export const worker = (
  address: string,
  folder: string,
  name: string,
  args: ReadonlyArray<string> = [],
  env: Readonly<Record<string, string>> = {}
): Machine =>
  exp(
    [
      "worker",
      "--cluster",
      address,
      "--results",
      join(folder, name),
      ...(args.includes("--checkpoint-every") ? [] : ["--checkpoint-every", "0.3s"]),
      ...args
    ],
    env
  )

/** A process that submits the sweep and collects it in `folder/NAME`. */
export const submitter = (address: string, folder: string, name: string, args: ReadonlyArray<string> = []): Machine =>
  exp([file, "--cluster", address, "--results", join(folder, name), ...args])

/** `exp` with these arguments in this process, until it ends. */
export const call = (...args: ReadonlyArray<string>): Promise<Called> => Effect.runPromise(Calls.exp(...args))

/** Submits the sweep and collects it in `folder/NAME`. */
export const submit = (address: string, folder: string, name: string, args: ReadonlyArray<string> = []) =>
  call(file, "--cluster", address, "--results", join(folder, name), ...args)

/** The sweep on this machine alone. */
export const local = (folder: string, name: string, args: ReadonlyArray<string> = []) =>
  call(file, "--results", join(folder, name), ...args)

/** Waits until something is as expected. */
export const eventually = async (is: () => Promise<boolean>, what: string, seconds = 150): Promise<void> => {
  for (const start = performance.now(); !(await is());) {
    if (performance.now() - start > seconds * 1000) throw new Error(`not within ${seconds} s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
