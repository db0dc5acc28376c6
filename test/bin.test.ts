/** The published command on a Node.js that is too old for it. */
import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"

/** Runs `effect-vae --version` as another version of Node.js would. */
const as = (version: string) =>
  spawnSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`,
      "src/bin.ts",
      "init",
      "Not a name"
    ],
    { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } }
  )

describe("effect-vae", () => {
  it("refuses a Node.js older than 22.19 in one line", () => {
    for (const version of ["20.20.2", "22.18.0"]) {
      const { status, stderr, stdout } = as(version)
      assert.strictEqual(status, 1)
      assert.strictEqual(stderr, `error: effect-vae needs Node.js 22.19 or later; this is ${version}\n`)
      assert.strictEqual(stdout, "")
    }
  })

  it("starts on 22.19, and checks a lab's name", () => {
    const { status, stderr } = as("22.19.0")
    assert.strictEqual(status, 2, stderr)
    assert.include(stderr, `"Not a name" is not a valid`)
  })
})
