/**
 * A database with processes that stand for machines: workers and submitters, each with a results folder of its own.
 *
 * Law: everything ends with the test that opened it, so that tests can run at the same time.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { join } from "node:path"
import type { TestContext } from "@effect/vitest"
import { Effect } from "effect"
import { amount } from "../../LongTests.ts"
import * as Calls from "../commands/Calls.ts"
import type { Called } from "../commands/Calls.ts"
import { client, inMemory, type PostgresServer, type Rows } from "./PostgresServer.ts"

/** A sweep with figures. */
export const drawn = "./test/pipelines/cluster/DrawnExperiment.ts"

/** The same without figures, whose drawing takes longer than the runs. */
export const plain = "./test/pipelines/cluster/PlainExperiment.ts"

/** Options of a suite whose tests mostly wait for processes. They share the cores, so that each may take longer. */
export const concurrently = { concurrent: true, timeout: amount(600_000, 7_200_000) } as const

/** How a process is started, where it is not this Node with this environment. */
export interface Start {
  readonly env?: Readonly<Record<string, string>>
  /** Starts Node by another program: `["sh", "-c", ...]`. */
  readonly by?: ReadonlyArray<string>
}

export interface Machine {
  readonly pid: number
  readonly output: () => string
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Waits until the output matches. */
  readonly until: (pattern: RegExp, seconds?: number) => Promise<void>
}

/** Machines that share a database. */
export interface Cluster {
  readonly address: string
  /** Where the machines have their folders. */
  readonly folder: string
  /** Rows of a query on the database. */
  readonly query: (sql: string) => Promise<Rows>
  /** All runs in the order of the queue; none where there are no tables yet. */
  readonly runs: () => Promise<Rows>
  /** Starts `exp` with these arguments. */
  readonly exp: (args: ReadonlyArray<string>, start?: Start) => Machine
  /** A worker whose runs are in `folder/NAME`. */
  readonly worker: (name: string, args?: ReadonlyArray<string>, start?: Start) => Machine
  /** A process that submits a sweep and collects it in `folder/NAME`. */
  readonly submitter: (name: string, args: ReadonlyArray<string>, start?: Start) => Machine
  /** Submits a sweep from this process and collects it in `folder/NAME`. */
  readonly submit: (name: string, args: ReadonlyArray<string>) => Promise<Called>
  /** Waits until a run is in training at some worker; returns that worker's id. */
  readonly inTraining: () => Promise<string>
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Waits until something is as expected. */
export const eventually = async (is: () => Promise<boolean>, what: string, seconds = 300): Promise<void> => {
  for (const start = performance.now(); !(await is());) {
    if (performance.now() - start > seconds * 1000) throw new Error(`not within ${seconds} s: ${what}`)
    await pause(50)
  }
}

/** `exp` with these arguments in this process, until it ends. */
export const call = (...args: ReadonlyArray<string>): Promise<Called> => Effect.runPromise(Calls.exp(...args))

/** A folder that is removed when the test or the suite has ended. */
export const temporaryFolder = async (onEnd: (remove: () => Promise<void>) => void): Promise<string> => {
  const folder = await mkdtemp(join(inMemory, "effect-vae-cluster-"))
  onEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Kills a process, stopped or not, and waits for its end. */
const end = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once("close", () => resolve())
    child.kill("SIGKILL")
  })

const startMachine = (
  args: ReadonlyArray<string>,
  { by = [], env = {} }: Start,
  started: (child: ChildProcess) => void
): Machine => {
  const [program = process.execPath, ...first] = [...by, process.execPath, "src/main.ts", ...args]
  const child = spawn(program, first, {
    env: { ...process.env, VAE_OFFLINE: "1", VAE_DATA_DIR: "", NO_COLOR: "1", INIT_CWD: process.cwd(), ...env }
  })
  started(child)
  let output = ""
  const collect = (chunk: Buffer) => void (output += chunk.toString())
  child.stdout.on("data", collect)
  child.stderr.on("data", collect)
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on("close", (code, signal) => resolve(code ?? signal))
  )
  return {
    pid: child.pid!,
    output: () => output,
    ended,
    kill: (signal) => void child.kill(signal),
    until: async (pattern, seconds) => {
      const said = async () => pattern.test(output)
      await eventually(said, String(pattern), seconds).catch((error: Error) => {
        throw new Error(`${error.message}: ${output}`)
      })
    }
  }
}

export interface ClusterOptions {
  /** Seconds that a worker may be silent; default: the program's own. */
  readonly lease?: number
  /** The address at which machines reach the database, from the server's own; default: the same. */
  readonly reachedAt?: (address: string) => string
}

/** A new database on a server, and machines that share it. */
export const open = async (
  { onTestFinished }: TestContext,
  server: PostgresServer,
  name: string,
  { lease, reachedAt = (address) => address }: ClusterOptions = {}
): Promise<Cluster> => {
  const own = await server.database(name)
  const address = reachedAt(own)
  const folder = await temporaryFolder(onTestFinished)
  const { close, query } = client(own)
  onTestFinished(close)
  const children: Array<ChildProcess> = []
  onTestFinished(async () => void (await Promise.all(children.map(end))))

  const leaseEnv = lease === undefined ? {} : { VAE_CLUSTER_LEASE: String(lease) }
  const exp: Cluster["exp"] = (args, { env = {}, ...start } = {}) =>
    startMachine(args, { ...start, env: { ...leaseEnv, ...env } }, (child) => children.push(child))
  const collecting = (name: string, args: ReadonlyArray<string>) => [
    ...(args[0]?.endsWith("Experiment.ts") === true ? [] : [plain]),
    ...args,
    "--cluster",
    address,
    "--results",
    join(folder, name)
  ]
  const runs = () => query("select * from effect_vae.run order by number").catch(() => [])
  return {
    address,
    folder,
    query,
    runs,
    exp,
    worker: (name, args = [], start) => {
      const every = args.includes("--checkpoint-every") ? [] : ["--checkpoint-every", "0.3s"]
      return exp(["worker", "--cluster", address, "--results", join(folder, name), ...every, ...args], start)
    },
    submitter: (name, args, start) => exp(collecting(name, args), start),
    submit: (name, args) => call(...collecting(name, args)),
    inTraining: async () => {
      let found: string | undefined
      await eventually(async () => {
        const run = (await runs()).find(({ progress, state }) => state === "leased" && progress !== null)
        found = run === undefined ? undefined : String(run["worker"])
        return found !== undefined
      }, "a run is in training")
      return found!
    }
  }
}
