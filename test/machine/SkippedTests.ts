/**
 * Ends a test run with the list of what this machine could not test, and why, so that a green run does not hide it.
 */
import type { Reporter, TestModule, Vitest } from "vitest/node"
import type { Missing } from "./Capability.ts"

/** A skipped test: its file, and what the machine lacks for it. */
export interface Skipped {
  readonly file: string
  /** Undefined where the test does not say. */
  readonly missing: ReadonlyArray<Missing> | undefined
}

const unexplained: Missing = { name: "no stated capability", reason: "skipped without a reason" }

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

/** One line per missing capability: `browser (4 tests in 2 files): no chromium on the PATH; apt-get install chromium`. */
export const lines = (skipped: ReadonlyArray<Skipped>): ReadonlyArray<string> => {
  const all = skipped.flatMap(({ file, missing = [unexplained] }) => missing.map((one) => ({ ...one, file })))
  return [...Map.groupBy(all, ({ name }) => name)].map(([name, tests]) => {
    const files = new Set(tests.map(({ file }) => file)).size
    const { reason, remedy } = tests[0]!
    const why = remedy === undefined ? reason : `${reason}; ${remedy}`
    return `${name} (${counted(tests.length, "test")} in ${counted(files, "file")}): ${why}`
  })
}

/** Prints the list after the run's summary. */
export default class SkippedTests implements Reporter {
  private vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.vitest = vitest
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const skipped = modules.flatMap((module) =>
      Array.from(module.children.allTests("skipped"), (test): Skipped => {
        const { missing } = test.meta()
        return { file: module.moduleId, missing }
      })
    )
    // Tests that a name pattern leaves out are skipped as well.
    const isFiltered = this.vitest?.getGlobalTestNamePattern() !== undefined
    const list = lines(isFiltered ? skipped.filter(({ missing }) => missing !== undefined) : skipped)
    if (list.length === 0) return
    this.vitest?.logger.log(["Not tested on this machine:", ...list.map((line) => `  - ${line}`), ""].join("\n"))
  }
}
