/**
 * A run's model in PyTorch and Keras, by the modules that `exp export` writes beside it.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import onnxProto from "onnx-proto"
import {
  activation,
  averagePooling,
  convolution,
  dense,
  flatten,
  maxPooling,
  reshape,
  Adam,
  BetaElbo,
  ElboTerms,
  Evaluation,
  Experiment,
  Runs,
  SequentialVae,
  Synthetic,
  Training,
  transposedConvolution
} from "../../../src/index.ts"
import { needs } from "../../machine/Capability.ts"
import { keras, torch } from "../../machine/Python.ts"
import { exp } from "../commands/Calls.ts"
import { platform } from "../Sandbox.ts"

const relu = activation("relu")

/** Padding, strides, both poolings and a transposed convolution. */
const experiment = Experiment.make("exported", {
  description: "One run.",
  parameters: {},
  run: () => ({
    dataset: Synthetic.layer({ train: 64, test: 16 }),
    model: SequentialVae.layer({
      latent: 2,
      encoder: [convolution(4), relu, maxPooling(), convolution(4, { stride: 2 }), relu, averagePooling(), flatten()],
      decoder: [dense(4 * 4 * 4), relu, reshape([4, 4, 4]), transposedConvolution(1, { stride: 2 })]
    }),
    objective: BetaElbo.layer({ beta: 1 }),
    training: Training.layer({ epochs: 1, batchSize: 16, optimizer: Adam({ learningRate: 1e-2 }) }),
    evaluation: Evaluation.layer(ElboTerms())
  })
})

let place = ""
let run = ""
const reference = () => join(place, "reference.json")

const rows = (values: Float32Array, ...shape: ReadonlyArray<number>): unknown => {
  const [length, ...rest] = shape
  if (length === undefined) return values[0]
  const size = values.length / length
  return Array.from({ length }, (_, index) => rows(values.subarray(index * size, (index + 1) * size), ...rest))
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "effect-vae-export-"))
  const found = await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const [row] = yield* Runs.train(experiment, { results: join(place, "results") })
        const loaded = yield* Runs.load(join(place, "results", "exported", row!.id.slice(0, 8)))
        const { height, width } = loaded.shape
        const codes = Float32Array.of(0, 0, 1, -1, 0.3, 2)
        const decoded = yield* loaded.decode(codes)
        const { deviation, mean } = yield* loaded.encode(decoded)
        const images = rows(decoded, 3, height, width, 1)
        return {
          directory: loaded.directory,
          values: {
            codes: rows(codes, 3, 2),
            decoded: images,
            images,
            mean: rows(mean, 3, 2),
            deviation: rows(deviation, 3, 2)
          }
        }
      })
    ).pipe(Effect.provide(platform))
  )
  run = found.directory
  writeFileSync(reference(), JSON.stringify(found.values))
}, 120_000)
afterAll(() => rmSync(place, { recursive: true, force: true }))

const exported = async (format: string) => {
  const out = join(place, format)
  const { code, output } = await Effect.runPromise(
    exp("export", run, "--results", join(place, "results"), "--format", format, "--out", out)
  )
  assert.strictEqual(code, 0, output)
  return out
}

describe("exp export", () => {
  for (const [framework, python] of Object.entries({ torch, keras })) {
    it(`gives ${framework} the same outputs within 1e-4`, needs(python), async () => {
      const folder = await exported(framework)
      const { status, stderr, stdout } = spawnSync(
        python.value!,
        [join(import.meta.dirname, "compare.py"), folder, reference(), framework],
        { encoding: "utf8" }
      )
      assert.strictEqual(status, 0, stderr)
      assert.isBelow(Number(stdout.trim().split("\n").at(-1)), 1e-4)
    })
  }

  it("writes a model card with data, licence and metrics, and parameters by name; never overwrites", async () => {
    const folder = await exported("safetensors")
    assert.deepStrictEqual(readdirSync(folder).toSorted(), ["README.md", "parameters.safetensors"])
    const card = readFileSync(join(folder, "README.md"), "utf8")
    for (const text of ["Synthetic", "SHA-256", "Licence:", "| test/loss |", '"_tag": "BetaElbo"']) {
      assert.include(card, text)
    }
    assert.include(readFileSync(join(folder, "parameters.safetensors"), "latin1"), '"encoder/')
    const again = await Effect.runPromise(exp("export", run, "--results", join(place, "results"), "--out", folder))
    assert.strictEqual(again.code, 2)
    assert.include(again.output, "exists already")
  })

  it("implements every operator of the model in both modules", async () => {
    const folder = await exported("onnx")
    const operators = ["encoder", "decoder"].flatMap((name) =>
      onnxProto.onnx.ModelProto.decode(readFileSync(join(folder, `${name}.onnx`))).graph!.node!.map(
        (node) => node.opType!
      )
    )
    assert.includeMembers(operators, ["Conv", "ConvTranspose", "MaxPool", "AveragePool", "Gemm"])
    for (const framework of ["torch", "keras"]) {
      const code = readFileSync(`src/pipelines/exporting/model_${framework}.py`, "utf8")
      for (const operator of operators) assert.include(code, `    "${operator}": `)
    }
  })
})
