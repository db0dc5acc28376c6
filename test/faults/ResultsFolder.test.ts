/**
 * Results folders that cannot be written to, or that are somebody else's, as the command meets them.
 */
import { spawn } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { needs } from "../machine/Capability.ts"
import { linux } from "../machine/Linux.ts"
import { resultsFolder } from "./Life.ts"

const exp = (...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number | null; readonly output: string }>((resume) => {
    const child = spawn(process.execPath, ["src/main.ts", "test/pipelines/sweep/KilledExperiment.ts", ...args], {
      env: { ...process.env, VAE_OFFLINE: "1", VAE_DATA_DIR: "", NO_COLOR: "1", INIT_CWD: process.cwd() }
    })
    let output = ""
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.on("close", (code) => resume(Effect.succeed({ code, output })))
    return Effect.sync(() => void child.kill("SIGKILL"))
  })

describe("a results folder", () => {
  // Nobody, whatever their rights, can make a folder there.
  it.live(
    "not writable: exit code 1, and advice",
    () =>
      Effect.gen(function* () {
        const { code, output } = yield* exp("--results", "/proc/effect-vae")
        assert.match(output, /\/proc\/effect-vae[^]*cannot be written; check the folder's permissions[^]*--results/)
        assert.notMatch(output, /\n {4}at /, "a trace in the place of words")
        assert.strictEqual(code, 1)
      }),
    needs(linux)
  )

  it.live("not a results folder: exit code 2, and no change", () =>
    Effect.gen(function* () {
      const folder = yield* resultsFolder
      writeFileSync(join(folder, "letter.txt"), "Dear Ada")
      const { code, output } = yield* exp("--results", folder)
      assert.match(output, /is not a results folder: it contains no runs, but letter\.txt; give the folder/)
      assert.strictEqual(code, 2)
      assert.deepStrictEqual(readdirSync(folder), ["letter.txt"])
      assert.strictEqual(readFileSync(join(folder, "letter.txt"), "utf8"), "Dear Ada")
    }).pipe(Effect.scoped)
  )
})
