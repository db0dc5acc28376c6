import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Record } from "effect"
import * as tf from "@tensorflow/tfjs-core"
import onnxProto from "onnx-proto"
import * as ort from "onnxruntime-node"
import { type ImageShape, Labels } from "../../../../src/core/Dataset.ts"
import { Engine, type Program } from "../../../../src/core/Engine.ts"
import { exportModel } from "../../../../src/core/engines/onnxruntime/Export.ts"
import * as Reference from "../../../../src/core/engines/Reference.ts"
import { Model, type ModelError } from "../../../../src/core/Model.ts"
import { decode, encodeImages } from "../../../../src/core/ModelPrograms.ts"
import type { TypedProgram } from "../../../../src/core/ProgramInputs.ts"
import { uniform } from "../../../../src/core/Random.ts"
import {
  float32,
  type HostTensor,
  type HostTensors,
  int32,
  prefixed,
  sizeOf,
  type TensorTypes
} from "../../../../src/core/Tensors.ts"
import {
  activation,
  averagePooling,
  ConditionalVae,
  convolution,
  dense,
  DenseVae,
  Deterministic,
  dropout,
  flatten,
  GaussianLikelihood,
  maxPooling,
  reshape,
  SequentialVae,
  SoftplusGaussian,
  transposedConvolution,
  upsampling
} from "../../../../src/index.ts"

const { onnx } = onnxProto

/** Values of a type, the same for the same name: floats from -¼ to ¼, integers from 0 to 2. */
const values = ({ shape, dtype }: TensorTypes[string], name: string): HostTensor => {
  const drawn = uniform({ seed: 1, stream: name, step: 0 }, sizeOf(shape))
  return dtype === "float32"
    ? float32(
        shape,
        drawn.map((value) => value / 2 - 0.25)
      )
    : int32(
        shape,
        Int32Array.from(drawn, (value) => Math.floor(3 * value))
      )
}

const filled = (types: TensorTypes): HostTensors => Record.map(types, values)

/** What onnxruntime makes of a model. */
const runModel = (bytes: Uint8Array, inputs: HostTensors) =>
  Effect.promise(async () => {
    const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 })
    const feeds = Record.map(inputs, ({ dtype, shape, values }) => new ort.Tensor(dtype, values, shape))
    const results = await session.run(feeds)
    await session.release()
    return Record.map(results as Record<string, ort.Tensor>, ({ data, dims }) => ({
      shape: dims,
      values: data as Float32Array
    }))
  })

const runProgram = Effect.fnUntraced(
  function* ({ program, signature }: TypedProgram, state: HostTensors, inputs: HostTensors) {
    const engine = yield* Engine
    const executable = yield* engine.compile(program, signature)
    return yield* executable.run({ state: yield* engine.place(state), data: yield* engine.place({}), inputs })
  },
  Effect.scoped,
  Effect.provide(Reference.layer)
)

/** The exported model gives what the program gives, for several numbers of examples. */
const assertExported = Effect.fnUntraced(function* (program: (examples: number) => TypedProgram) {
  const state = filled(program(1).signature.state)
  const bytes = exportModel({ name: "test", description: "", program, state, meanings: {}, metadata: {} })
  // ONNX's own operators alone, which other runtimes have too.
  assert.deepStrictEqual(
    onnx.ModelProto.decode(bytes).opsetImport!.map(({ domain }) => domain),
    [""]
  )
  for (const examples of [1, 2, 5]) {
    const typed = program(examples)
    const inputs = filled(typed.signature.inputs)
    const expected = yield* runProgram(typed, state, inputs)
    const found = yield* runModel(bytes, inputs)
    assert.sameMembers(Object.keys(found), Object.keys(expected))
    for (const [name, { shape, values }] of Object.entries(expected)) {
      assert.deepStrictEqual(found[name]!.shape, shape)
      values.forEach((value, index) => assert.approximately(found[name]!.values[index]!, value, 1e-4, name))
    }
  }
})

/** A program of one input `x` `[examples, 2, 3]`, with the state `w` `[3, 2]`. */
const simple =
  (run: (x: tf.Tensor3D, w: tf.Tensor2D, examples: number) => tf.Tensor) =>
  (examples: number): TypedProgram => ({
    program: {
      name: "simple",
      run: ({ inputs, state }) => ({
        outputs: { y: run(inputs["x"] as tf.Tensor3D, state["w"] as tf.Tensor2D, examples) }
      })
    },
    signature: {
      state: { w: { shape: [3, 2], dtype: "float32" } },
      data: {},
      inputs: { x: { shape: [examples, 2, 3], dtype: "float32" } }
    }
  })

const image: ImageShape = { height: 8, width: 8, channels: 1 }
const relu = activation("relu")
const classes = Layer.succeed(Labels, { classes: ["a", "b", "c"] })

const models: Readonly<Record<string, Layer.Layer<Model, ModelError>>> = {
  dense: DenseVae.layer({ hidden: [16, 8], latent: 2, posterior: SoftplusGaussian() }),
  "dense without noise, with linear means": DenseVae.layer({
    hidden: [],
    latent: 3,
    posterior: Deterministic(),
    likelihood: GaussianLikelihood({ deviation: 1 })
  }),
  convolutional: SequentialVae.layer({
    encoder: [convolution(4), relu, maxPooling(), dropout(0.5), convolution(4), averagePooling(), flatten(), dense(8)],
    decoder: [
      dense(2 * 2 * 4),
      reshape([2, 2, 4]),
      transposedConvolution(4, { stride: 2 }),
      relu,
      upsampling(2),
      transposedConvolution(1)
    ],
    latent: 2
  }),
  conditional: ConditionalVae.layer({
    encoder: [dense(16), relu],
    decoder: [dense(16), relu, dense(64), reshape([8, 8, 1])],
    latent: 2
  }).pipe(Layer.provide(classes))
}

describe("Export", () => {
  it.effect.each(Object.entries(models))("a model's encoder and decoder, for any number of examples: %s", ([, model]) =>
    Effect.gen(function* () {
      const { build, latent } = yield* Model
      const ingredients = { autoencoder: yield* build(image), latent, shape: image }
      yield* assertExported((batch) => encodeImages(ingredients, { batch }))
      yield* assertExported((batch) => decode(ingredients, { batch }))
    }).pipe(Effect.provide(model))
  )

  const programs: Readonly<Record<string, ReturnType<typeof simple>>> = {
    "a shape that follows from the input's": simple((x, w) => tf.matMul(tf.reshape(x, [-1, 3]), w)),
    "zeros beside each example": simple((x) => tf.concat([x, tf.zeros([x.shape[0], 2, 1])], 2)),
    "an axis that repeats the examples": simple((x) => tf.tile(x, [2, 1, 1])),
    "an input as it is": simple((x) => x),
    "the last of the examples": simple((x, _, examples) => tf.slice(x, [examples - 1, 0, 0], [1, 2, 3])),
    "one row for all examples": simple((x) => tf.expandDims(tf.sum(x, 0), 0))
  }
  it.effect.each(Object.entries(programs))("a program with %s", ([, program]) => assertExported(program))

  const refused: Readonly<Record<string, ReturnType<typeof simple>>> = {
    "a number that follows the examples": simple((x, _, examples) => tf.mul(x, 1 / examples)),
    "other operations for more examples": simple((x, _, examples) => (examples > 1010 ? tf.exp(x) : tf.log(x))),
    "more operations for more examples": simple((x, _, examples) => (examples > 1010 ? tf.exp(tf.log(x)) : tf.log(x)))
  }
  it.each(Object.entries(refused))("refuses a program with %s", (_, program) => {
    const state = filled(program(1).signature.state)
    assert.throws(
      () => exportModel({ name: "test", description: "", program, state, meanings: {}, metadata: {} }),
      /depends on the batch size/
    )
  })

  it("refuses a program that reads data", () => {
    const program: Program = { name: "reads", run: ({ data }) => ({ outputs: { y: tf.exp(data["x"]!) } }) }
    const signature = { state: {}, data: { x: { shape: [2], dtype: "float32" as const } }, inputs: {} }
    const options = { name: "test", description: "", state: {}, meanings: {}, metadata: {} }
    assert.throws(() => exportModel({ ...options, program: () => ({ program, signature }) }), /data\/x/)
  })

  it("describes itself: names, axes, meanings, metadata", () => {
    const program = simple((x, w) => tf.matMul(tf.reshape(tf.slice(x, [0, 0, 0], [-1, 1, 3]), [-1, 3]), w))
    const state = filled(program(1).signature.state)
    const bytes = exportModel({
      name: "rows",
      description: "Each row by w.",
      program,
      state: { ...state, ...prefixed("unused/", state) },
      meanings: { x: "what goes in" },
      metadata: { run: "3f9c1e7a52d0" }
    })
    const { docString, graph, metadataProps, opsetImport } = onnx.ModelProto.decode(bytes)
    assert.strictEqual(docString, "Each row by w.")
    assert.deepStrictEqual(
      metadataProps!.map(({ key, value }) => [key, value]),
      [["run", "3f9c1e7a52d0"]]
    )
    assert.deepStrictEqual(
      opsetImport!.map(({ domain }) => domain),
      [""]
    )
    const ends = [...graph!.input!, ...graph!.output!].map(({ docString, name, type }) => [
      name,
      docString,
      type!.tensorType!.shape!.dim!.map(({ dimParam, dimValue }) => dimParam || Number(dimValue))
    ])
    assert.deepStrictEqual(ends, [
      ["x", "what goes in", ["batch", 2, 3]],
      ["y", "", ["batch", 2]]
    ])
    assert.strictEqual(graph!.initializer!.filter(({ dims }) => dims!.join() === "3,2").length, 1)
  })
})
