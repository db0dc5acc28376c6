import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { delimiter, join } from "node:path"
import { tmpdir } from "node:os"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { needs } from "../../machine/Capability.ts"
import { linux } from "../../machine/Linux.ts"
import { runExperiment, temporaryFolder } from "../Sandbox.ts"
import { exp, small } from "./Calls.ts"

/** Programs by the name of the system's opener, in a folder that comes first on the path. */
let tools = ""
const path = process.env["PATH"] ?? ""
const opened = () => readFile(join(tools, "opened"), "utf8").catch(() => "")

/** Makes the opener a script. */
const opener = async (lines: string): Promise<void> => {
  await rm(join(tools, "opened"), { force: true })
  await writeFile(join(tools, "xdg-open"), `#!/bin/sh\n${lines}\n`)
  await chmod(join(tools, "xdg-open"), 0o755)
}

beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), "open-"))
  process.env["PATH"] = `${tools}${delimiter}${path}`
})
afterAll(async () => {
  process.env["PATH"] = path
  await rm(tools, { recursive: true })
})

describe("exp open", needs(linux), () => {
  it.live("opens the report of an experiment or of a run's experiment, or prints its path", () =>
    Effect.gen(function* () {
      const results = yield* temporaryFolder
      yield* runExperiment(small, results)
      const page = join(results, "small", "report.html")
      yield* Effect.promise(() => opener(`printf %s "$1" > ${join(tools, "opened")}`))
      const byName = yield* exp("open", "small", "--results", results)
      assert.deepStrictEqual(byName, { output: page, code: 0 })
      assert.strictEqual(yield* Effect.promise(opened), page)
      const { runs } = JSON.parse(yield* Effect.promise(() => readFile(join(results, "small", "summary.json"), "utf8")))
      const byRun = yield* exp("open", runs[0].id, "--results", results)
      assert.deepStrictEqual(byRun, { output: page, code: 0 })
      // A browser in the opener's place, which goes on.
      yield* Effect.promise(() => opener(`sleep 7; printf %s "$1" > ${join(tools, "opened")}`))
      assert.strictEqual((yield* exp("open", "small", "--results", results)).code, 0)
      assert.strictEqual(yield* Effect.promise(opened), "")
      yield* Effect.sleep(4000)
      assert.strictEqual(yield* Effect.promise(opened), page)
      yield* Effect.promise(() => opener("exit 3"))
      const refused = yield* exp("open", "small", "--results", results)
      assert.strictEqual(refused.code, 1)
      assert.include(refused.output, `xdg-open cannot open it; open this file in a browser: ${page}`)
      yield* Effect.promise(() => rm(page))
      const missing = yield* exp("open", "small", "--results", results)
      assert.strictEqual(missing.code, 1)
      assert.include(missing.output, `there is no report ${page}`)
      const unknown = yield* exp("open", "smal", "--results", results)
      assert.include(unknown.output, "small")
      assert.strictEqual(unknown.code, 2)
    })
  )
})
