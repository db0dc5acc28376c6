/**
 * An experiment of the repository on XLA's CPU plugin beside the native engine.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { assertClose } from "../../../src/testing/TensorProbe.ts"
import { needs } from "../../machine/Capability.ts"
import { machineCode } from "../../machine/MachineCode.ts"
import { xlaPlugin } from "../../machine/XlaPlugin.ts"
import { exp } from "../Command.ts"

interface Row {
  readonly id: string
  readonly status: string
  readonly metrics: Readonly<Record<string, number>>
}

describe("beta-sweep on xla", needs(xlaPlugin, machineCode), () => {
  it("gives the metrics of the native engine, alone and stacked", async () => {
    const folder = await mkdtemp(join(tmpdir(), "effect-vae-engines-"))
    const rowsOf = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<Row>> => {
      const results = join(folder, args.join(""))
      const ended = await exp("beta-sweep", results, ["--quick", ...args])
      assert.strictEqual(ended.code, 0, ended.output)
      return JSON.parse(await readFile(join(results, "beta-sweep-quick", "summary.json"), "utf8")).runs
    }
    const expected = await rowsOf("--engine", "native", "--beta", "12,200")
    for (const [stack, betas] of [
      ["1", "12"],
      ["2", "12,200"]
    ] as const) {
      const rows = await rowsOf("--engine", "xla", "--device", "cpu", "--stack", stack, "--beta", betas)
      assert.lengthOf(rows, betas.split(",").length)
      rows.forEach(({ id, metrics, status }, index) => {
        assert.deepStrictEqual([id, status], [expected[index]!.id, "done"])
        assert.deepStrictEqual(Object.keys(metrics), Object.keys(expected[index]!.metrics))
        assertClose(Object.values(metrics), Object.values(expected[index]!.metrics), 1e-3, id)
      })
    }
    await rm(folder, { recursive: true, force: true })
  }, 600_000)
})
