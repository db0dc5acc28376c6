/**
 * The parts that `bench/gpu.sh` measured as one JSON value on the standard output. Run: node collect.ts FOLDER DEVICE SECONDS
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"

const [folder = ".", device = "", seconds = "0"] = process.argv.slice(2)

const text = (name: string): string => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "")

interface TestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{
      readonly status: string
      readonly fullName: string
      readonly failureMessages: ReadonlyArray<string>
    }>
  }>
}

/** Counts, and each failure with the first line of its message. */
const contractOf = (report: TestReport) => ({
  passed: report.numPassedTests,
  failed: report.numFailedTests,
  skipped: report.numPendingTests,
  failures: report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === "failed")
    .map(({ failureMessages, fullName }) => ({ test: fullName, reason: failureMessages[0]?.split("\n")[0] }))
})

/** The only JSON file in a folder. */
const fileIn = (name: string): unknown => {
  const file = readdirSync(join(folder, name)).find((name) => name.endsWith(".json"))!
  return JSON.parse(text(join(name, file)))
}

const read = (name: string): unknown => {
  if (name === "contract") return contractOf(JSON.parse(text("contract.json")))
  return name.startsWith("steps-") ? fileIn(name.slice("steps-".length)) : JSON.parse(text(`${name}.out`))
}

const part = (name: string) => {
  const [code, seconds] = text(`${name}.code`).trim().split(" ").map(Number)
  try {
    return { code, seconds, ...(read(name) as object) }
  } catch {
    const lines = `${text(`${name}.out`)}\n${text(`${name}.log`)}`.trim().split("\n")
    return { code, seconds, failed: lines.slice(-3) }
  }
}

const names = readdirSync(folder).flatMap((name) => /^(.*)\.code$/.exec(name)?.[1] ?? [])
const parts = Object.fromEntries(names.map((name) => [name, part(name)]))
const results = { device, seconds: Number(seconds), cpu: cpus()[0]?.model, node: process.version, ...parts }
process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`)
