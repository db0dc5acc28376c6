import "../../../src/core/engines/Backend.ts"
import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Tsne from "../../../src/core/embeddings/Tsne.ts"
import * as OnnxRuntime from "../../../src/core/engines/OnnxRuntime.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { neighbourAgreement } from "../../../src/core/evaluations/LatentScatter.ts"
import { normal } from "../../../src/core/Random.ts"
import { embeddingContract } from "../../../src/testing/EmbeddingContract.ts"

embeddingContract("t-SNE", Tsne.Tsne({ iterations: 200 }))

const classes = 4

/** Clouds of deviation 1 about corners of a cube that are 12 and more apart. */
const clusters = (count: number, dimensions = 6) => {
  const noise = normal({ seed: 5, stream: "test", step: 0 }, count * dimensions)
  return noise.map((value, place) => {
    const label = Math.floor(place / dimensions) % classes
    return value + (place % dimensions === label ? 12 : 0)
  })
}

const column = (positions: Float32Array, dimension: number) => positions.filter((_, place) => place % 2 === dimension)

describe("Tsne", () => {
  it.effect("keeps clusters apart, lowers the divergence and leaves no tensors behind", () =>
    Effect.gen(function* () {
      const count = 60
      const before = tf.memory().numTensors
      const start = yield* Tsne.embed(clusters(count), count, { seed: 1, iterations: 0 })
      const end = yield* Tsne.embed(clusters(count), count, { seed: 1, iterations: 300 })
      const labels = Array.from({ length: count }, (_, index) => index % classes)
      assert.strictEqual(neighbourAgreement(column(end.positions, 0), column(end.positions, 1), labels), 1)
      assert.isBelow(end.divergence, 0.5 * start.divergence)
      assert.isAbove(end.divergence, 0)
      assert.strictEqual(end.perplexity, 59 / 3)
      assert.strictEqual(tf.memory().numTensors, before)
    }).pipe(Effect.provide(Reference.layer))
  )

  it.effect("gives equal bits for equal seeds and other positions for another seed", () =>
    Effect.gen(function* () {
      const run = (seed: number) => Tsne.embed(clusters(24), 24, { seed, iterations: 60 })
      const [first, again, other] = yield* Effect.all([run(1), run(1), run(2)])
      assert.deepStrictEqual(again, first)
      assert.notDeepEqual(other.positions, first.positions)
    }).pipe(Effect.provide(Reference.layer))
  )

  it.effect("takes the same first steps on onnxruntime", () =>
    Effect.gen(function* () {
      const count = 40
      const run = Tsne.embed(clusters(count), count, { seed: 1, iterations: 30 })
      const reference = yield* Effect.provide(run, Reference.layer)
      const onnxruntime = yield* Effect.provide(run, OnnxRuntime.layer({}))
      const scale = Math.max(...reference.positions.map(Math.abs))
      reference.positions.forEach((value, place) => {
        assert.approximately(onnxruntime.positions[place]!, value, 1e-3 * scale)
      })
      assert.approximately(onnxruntime.divergence, reference.divergence, 1e-4 * reference.divergence)
    })
  )

  it.effect("descends along the gradient of the divergence", () =>
    Effect.gen(function* () {
      // From rest and with gains of 1.2, one step of momentum 0 moves by -1.2 times learning rate times gradient.
      const count = 5
      const positions = tf.tensor2d(normal({ seed: 1, stream: "test", step: 0 }, 2 * count), [count, 2])
      const raw = tf.tensor2d(normal({ seed: 2, stream: "test", step: 0 }, count * count), [count, count])
      const symmetric = tf.mul(tf.exp(tf.add(raw, tf.transpose(raw))), tf.sub(1, tf.eye(count)))
      const affinities = tf.div(symmetric, tf.sum(symmetric))
      const objective = (y: tf.Tensor) =>
        Tsne.divergence.run({ state: { positions: y }, data: { affinities }, inputs: {} }).outputs[
          "divergence"
        ] as tf.Scalar
      const gradient = tf.grad(objective)(positions)
      const { state } = Tsne.descend.run({
        state: { positions, velocities: tf.zeros([count, 2]), gains: tf.ones([count, 2]) },
        data: { affinities },
        inputs: { learningRate: tf.scalar(1), momentum: tf.scalar(0) }
      })
      const moved = tf.sub(state!["positions"]!, positions).dataSync()
      const expected = tf.mul(gradient, -1.2).dataSync()
      moved.forEach((value, place) => assert.approximately(value, expected[place]!, 1e-5))
      yield* Effect.void
    })
  )

  it.effect.each([0, 1, 2, 3, 4, 7])("handles %s points", (count) =>
    Effect.gen(function* () {
      const { divergence, positions } = yield* Tsne.embed(clusters(count), count, { seed: 1, iterations: 20 })
      assert.strictEqual(positions.length, 2 * count)
      assert.isTrue([...positions, divergence].every(Number.isFinite))
    }).pipe(Effect.provide(Reference.layer))
  )

  it.effect.each([0, 1, 1e6])("handles points that all equal %s", (value) =>
    Effect.gen(function* () {
      const { divergence, positions } = yield* Tsne.embed(new Float32Array(60).fill(value), 20, {
        seed: 1,
        iterations: 200
      })
      assert.isTrue([...positions, divergence].every(Number.isFinite))
    }).pipe(Effect.provide(Reference.layer))
  )
})
