/**
 * The command `exp` as a process that tests may send signals to, and what it leaves in its results folder.
 */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { watch } from "node:fs"
import { mkdir, readdir, readFile } from "node:fs/promises"
import { basename, join, relative } from "node:path"
import { isTemporary } from "../../src/pipelines/files/AtomicFile.ts"

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
  readonly milliseconds: number
}

export interface Watching {
  /** Called with all that was printed so far. */
  readonly onOutput?: (output: string, kill: (signal: NodeJS.Signals) => void) => void
  /** Called with the number of changes of files in the results folder so far. */
  readonly onChange?: (changes: number, kill: (signal: NodeJS.Signals) => void) => void
  /** Sends SIGKILL after so many milliseconds. */
  readonly killAfter?: number
}

/** Runs `exp` on an experiment's file until it ends. */
export const exp = async (
  file: string,
  results: string,
  args: ReadonlyArray<string>,
  { killAfter, onChange, onOutput }: Watching = {}
): Promise<Ended> => {
  await mkdir(results, { recursive: true })
  const started = performance.now()
  const child = spawn(process.execPath, ["src/main.ts", file, "--results", results, ...args], {
    env: { ...process.env, VAE_OFFLINE: "1", VAE_DATA_DIR: "", NO_COLOR: "1", INIT_CWD: process.cwd() }
  })
  const kill = (signal: NodeJS.Signals) => void child.kill(signal)
  let changes = 0
  const watcher =
    onChange && watch(results, { recursive: true, persistent: false }, () => onChange((changes += 1), kill))
  // A folder that is gone before it could be looked into.
  watcher?.on("error", () => {})
  const timer = killAfter === undefined ? undefined : setTimeout(() => kill("SIGKILL"), killAfter)
  let output = ""
  const collect = (chunk: Buffer) => {
    output += chunk.toString()
    onOutput?.(output, kill)
  }
  child.stdout.on("data", collect)
  child.stderr.on("data", collect)
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.on("close", (...ended) => resolve(ended))
  )
  clearTimeout(timer)
  watcher?.close()
  return { code, signal, output, milliseconds: performance.now() - started }
}

/** Paths of all files, relative to the folder, in order. */
export const filesOf = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

export const isLeftOver = (path: string): boolean => isTemporary(basename(path))

/** Files that say when and by which process they were made. */
const ofOneProcess = ["run.log", "manifest.json", "report.html"]

/** What a file says, without what belongs to one process: speeds. */
const contentOf = (path: string, bytes: Buffer): string => {
  if (basename(path) !== "metrics.ndjson") return createHash("sha256").update(bytes).digest("hex")
  const lines = bytes.toString().trimEnd().split("\n")
  return lines.map((line) => JSON.stringify({ ...JSON.parse(line), examplesPerSecond: 0 })).join("\n")
}

/** Of the checkpoints to go on from, the newest alone: which others there are follows from when they were made. */
const withoutOlderCheckpoints = (paths: ReadonlyArray<string>): ReadonlyArray<string> =>
  paths.filter((path, index) => {
    const next = paths[index + 1]
    const [own, other] = [path, next ?? ""].map((name) => /^(.*[\\/])step-\d+\.safetensors$/.exec(name)?.[1])
    return own === undefined || own !== other
  })

/** Everything in a results folder that is a function of its runs alone, by path: digests, and the histories' lines. */
export const whatIsLeft = async (results: string): Promise<Readonly<Record<string, string>>> => {
  const paths = (await filesOf(results)).filter(
    (path) => !path.startsWith(".") && !isLeftOver(path) && !ofOneProcess.includes(basename(path))
  )
  const contents = await Promise.all(
    withoutOlderCheckpoints(paths).map(async (path) => [path, contentOf(path, await readFile(join(results, path)))])
  )
  return Object.fromEntries(contents)
}
