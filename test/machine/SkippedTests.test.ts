import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Capability from "./Capability.ts"
import { lines } from "./SkippedTests.ts"

const present = Capability.make({ name: "node" }, Result.succeed("/usr/bin/node"))
const absent = Capability.make({ name: "browser", remedy: "install one" }, Result.fail("none on the PATH"))
const other = Capability.make({ name: "compiler" }, Result.fail("no c++"))

describe("Skipped tests", () => {
  it("are skipped with a reason if a capability is missing, and run otherwise", () => {
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

  it("are listed once per capability, with the numbers of tests and files", () => {
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
