import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Capability from "./Capability.ts"
import { lines } from "./SkippedTests.ts"

const present = Capability.make({ name: "node" }, Result.succeed("/usr/bin/node"))
const absent = Capability.make({ name: "browser", remedy: "install one" }, Result.fail("none on the PATH"))
const other = Capability.make({ name: "compiler" }, Result.fail("no c++"))

describe("What this machine cannot test", () => {
  it("is skipped where a capability is missing, with the reason, and runs otherwise", () => {
    assert.strictEqual(present.value, "/usr/bin/node")
    assert.deepStrictEqual(Capability.needs(present), {})
    assert.isUndefined(absent.value)
    assert.deepStrictEqual(Capability.needs(present, absent, other), {
      skip: true,
      meta: {
        missing: [
          { name: "browser", remedy: "install one", reason: "none on the PATH" },
          { name: "compiler", reason: "no c++" }
        ]
      }
    })
  })

  it("is listed once per capability, with the number of tests and of files", () => {
    const missing = (...capabilities: ReadonlyArray<Capability.Capability<unknown>>) =>
      Capability.needs(...capabilities).meta?.missing
    assert.deepStrictEqual(lines([]), [])
    assert.deepStrictEqual(
      lines([
        { file: "a.test.ts", missing: missing(absent) },
        { file: "a.test.ts", missing: missing(absent, other) },
        { file: "b.test.ts", missing: missing(absent) },
        { file: "b.test.ts", missing: undefined }
      ]),
      [
        "browser (3 tests in 2 files): none on the PATH; install one",
        "compiler (1 test in 1 file): no c++",
        "no stated capability (1 test in 1 file): skipped without a reason"
      ]
    )
  })
})
