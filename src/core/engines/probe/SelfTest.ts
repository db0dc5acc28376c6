/**
 * A small training run with known results, to test whether an engine computes correctly.
 *
 * Gradient descent from `w = 0` with learning rate 0.1 fits `y = w x` to `y = 2 x` for `x` = 1 and 2 by the mean
 * squared error: after `k` steps `w = 2 - 2^(1 - k)`, and the error is `10 · 4^-k`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Engine, type Program } from "../../Engine.ts"
import { float32, int32, uint8 } from "../../Tensors.ts"

const program: Program = {
  name: "trial",
  run: ({ state, data, inputs }) => {
    const x = tf.cast(tf.gather(data["x"]!, inputs["indices"] as tf.Tensor1D), "float32")
    const error = (w: tf.Tensor): tf.Scalar =>
      tf.mean(tf.square(tf.sub(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), tf.mul(x, 2))))
    const { value, grad } = tf.valueAndGrad(error)(state["w"]!)
    return {
      state: { w: tf.sub(state["w"]!, tf.mul(grad, 0.1)) },
      outputs: { error: value, chance: tf.sigmoid(state["w"]!) }
    }
  }
}

const near = (value: number | undefined, expected: number): boolean =>
  value !== undefined && Math.abs(value - expected) <= 1e-3 * Math.abs(expected)

/** The error of the engine's results; undefined if they are correct. */
export const run = Effect.gen(function* () {
  const engine = yield* Engine
  const state = yield* engine.place({ w: float32([1, 1], Float32Array.of(0)) })
  const data = yield* engine.place({ x: uint8([3, 1], Uint8Array.of(2, 200, 1)) })
  const inputs = { indices: int32([2], Int32Array.of(2, 0)) }
  const executable = yield* engine.compile(program, {
    state: state.types,
    data: data.types,
    inputs: { indices: { shape: [2], dtype: "int32" } }
  })
  for (let step = 0; step < 4; step++) {
    const { chance, error } = yield* executable.run({ state, data, inputs })
    const w = 2 - 2 ** (1 - step)
    const expected = [10 * 4 ** -step, 1 / (1 + Math.exp(-w))] as const
    const actual = [error?.values[0], chance?.values[0]] as const
    if (!near(actual[0], expected[0]) || !near(actual[1], expected[1])) {
      return `it computes ${actual.join(" and ")} instead of ${expected.join(" and ")}`
    }
  }
  const w = (yield* state.read)["w"]?.values[0]
  return near(w, 1.875) ? undefined : `it computes ${w} instead of 1.875`
})
