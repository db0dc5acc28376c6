import { assert, describe, it } from "@effect/vitest"
import { driverVersion } from "../../xla/Machine.ts"
import { names, requirementsOf, wheels } from "../../xla/Wheels.ts"

describe("setup:xla", () => {
  it("reads the version of NVIDIA's driver, of either kernel module", () => {
    const closed = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023"
    const open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.82.07  Release Build"
    assert.strictEqual(driverVersion(closed), 535)
    assert.strictEqual(driverVersion(open), 580)
    assert.isUndefined(driverVersion(""))
  })

  it("pins each wheel and each of its libraries by version and digest", () => {
    for (const name of names) {
      const lines = requirementsOf(wheels[name]).trimEnd().split("\n")
      lines.forEach((line) => assert.match(line, /^[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}$/))
      assert.strictEqual(new Set(lines.map((line) => line.split("=")[0])).size, lines.length)
      assert.strictEqual(lines.length > 5, name.startsWith("cuda"))
    }
  })
})
