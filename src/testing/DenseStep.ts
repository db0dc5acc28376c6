/**
 * A dense VAE's training step, written by hand: Bernoulli loss by softplus, analytic KL, Adam.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Program, Signature } from "../core/Engine.ts"
import { float32, type HostTensors, int32, prefixed, type TensorTypes, typesOf, uint8, under } from "../core/Tensors.ts"

export interface DenseSizes {
  readonly pixels: number
  /** Widths of the encoder; the decoder's are reversed. */
  readonly hidden: ReadonlyArray<number>
  readonly latent: number
  readonly batch: number
  readonly examples: number
}

/** Deterministic numbers in [0, 1) of a linear congruential generator. */
const uniforms = (count: number, seed: number): Float32Array => {
  let state = seed >>> 0
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) / 2 ** 24
  })
}

const layerSizes = ({ pixels, hidden, latent }: DenseSizes): ReadonlyArray<readonly [string, number, number]> => {
  const encoder = [pixels, ...hidden]
  const decoder = [latent, ...hidden.toReversed(), pixels]
  const last = encoder.at(-1)!
  return [
    ...encoder.slice(1).map((size, index) => [`encoder${index}`, encoder[index]!, size] as const),
    ["mean", last, latent],
    ["logVariance", last, latent],
    ...decoder.slice(1).map((size, index) => [`decoder${index}`, decoder[index]!, size] as const)
  ]
}

/** Initial parameters and zero moments: `parameter/…`, `first/…`, `second/…`, and the step. */
export const initialState = (sizes: DenseSizes): HostTensors => {
  const parameters: HostTensors = Object.fromEntries(
    layerSizes(sizes).flatMap(([name, fanIn, fanOut], index) => {
      const limit = Math.sqrt(6 / (fanIn + fanOut))
      const kernel = uniforms(fanIn * fanOut, index + 1).map((value) => (2 * value - 1) * limit)
      return [
        [`${name}/kernel`, float32([fanIn, fanOut], kernel)],
        [`${name}/bias`, float32([fanOut], new Float32Array(fanOut))]
      ]
    })
  )
  const zeros = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, values }]) => [
      name,
      float32(shape, new Float32Array(values.length))
    ])
  )
  return {
    ...prefixed("parameter/", parameters),
    ...prefixed("first/", zeros),
    ...prefixed("second/", zeros),
    step: float32([], new Float32Array(1))
  }
}

/** Synthetic images: `examples` of `pixels` bytes. */
export const images = ({ examples, pixels }: DenseSizes): HostTensors => ({
  images: uint8(
    [examples, pixels],
    Uint8Array.from(uniforms(examples * pixels, 99), (value) => (value < 0.8 ? 0 : value * 255))
  )
})

export const inputs = ({ batch, examples, latent }: DenseSizes, step: number): HostTensors => ({
  indices: int32(
    [batch],
    Int32Array.from(uniforms(batch, step + 1000), (value) => Math.floor(value * examples))
  ),
  noise: float32(
    [batch, latent],
    uniforms(batch * latent, step + 2000).map((value) => 3 * (value - 0.5))
  )
})

export const signature = (sizes: DenseSizes): Signature => ({
  state: typesOf(initialState(sizes)),
  data: { images: { shape: [sizes.examples, sizes.pixels], dtype: "uint8" } } satisfies TensorTypes,
  inputs: typesOf(inputs(sizes, 0))
})

const dense = (parameters: tf.NamedTensorMap, name: string, x: tf.Tensor): tf.Tensor =>
  tf.add(tf.matMul(x as tf.Tensor2D, parameters[`${name}/kernel`] as tf.Tensor2D), parameters[`${name}/bias`]!)

/** One step of Adam on the mean over the batch of the negative ELBO in nats. */
export const program = (sizes: DenseSizes): Program => ({
  name: "dense VAE step",
  run: ({ state, data, inputs }) => {
    const parameters = under("parameter/", state)
    const names = Object.keys(parameters)
    const x = tf.div(tf.cast(tf.gather(data["images"]!, inputs["indices"] as tf.Tensor1D), "float32"), 255)
    const loss = (...values: Array<tf.Tensor>): tf.Scalar => {
      const named = Object.fromEntries(names.map((name, index) => [name, values[index]!]))
      const layers = layerSizes(sizes).map(([name]) => name)
      let hidden = x
      for (const name of layers.filter((name) => name.startsWith("encoder")))
        hidden = tf.relu(dense(named, name, hidden))
      const mean = dense(named, "mean", hidden)
      const logVariance = dense(named, "logVariance", hidden)
      let logits = tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), inputs["noise"]!))
      const decoders = layers.filter((name) => name.startsWith("decoder"))
      decoders.forEach((name, index) => {
        const linear = dense(named, name, logits)
        logits = index === decoders.length - 1 ? linear : tf.relu(linear)
      })
      const reconstruction = tf.sum(tf.sub(tf.softplus(logits), tf.mul(x, logits)), 1)
      const kl = tf.mul(0.5, tf.sum(tf.sub(tf.add(tf.square(mean), tf.expm1(logVariance)), logVariance), 1))
      return tf.mean(tf.add(reconstruction, kl))
    }
    const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => parameters[name]!))
    const step = tf.add(state["step"]!, 1)
    const rate = tf.mul(1e-3, tf.div(tf.sqrt(tf.sub(1, tf.pow(0.999, step))), tf.sub(1, tf.pow(0.9, step))))
    const next = names.flatMap((name, index): Array<[string, tf.Tensor]> => {
      const gradient = grads[index]!
      const first = tf.add(tf.mul(state[`first/${name}`]!, 0.9), tf.mul(gradient, 0.1))
      const second = tf.add(tf.mul(state[`second/${name}`]!, 0.999), tf.mul(tf.square(gradient), 0.001))
      const update = tf.div(tf.mul(rate, first), tf.add(tf.sqrt(second), 1e-8))
      return [
        [`parameter/${name}`, tf.sub(parameters[name]!, update)],
        [`first/${name}`, first],
        [`second/${name}`, second]
      ]
    })
    return { state: { step, ...Object.fromEntries(next) }, outputs: { loss: value } }
  }
})
