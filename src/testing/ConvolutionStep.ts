/**
 * A convolutional autoencoder's loss and gradients: the network of SimpleVAE (Deshapriya 2020) for MNIST, with its
 * noise of 0.5 on the codes.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import type { Program, Signature } from "../core/Engine.ts"
import { type Network, type Module, sequence } from "../core/Network.ts"
import { activation } from "../core/networks/Activation.ts"
import { convolution } from "../core/networks/Convolution.ts"
import { dense } from "../core/networks/Dense.ts"
import { maxPooling } from "../core/networks/MaxPooling.ts"
import { flatten, reshape } from "../core/networks/Reshape.ts"
import { transposedConvolution } from "../core/networks/TransposedConvolution.ts"
import { normal, uniform } from "../core/Random.ts"
import { float32, type HostTensors, prefixed, type Tensors, typesOf, under } from "../core/Tensors.ts"

const relu = (...parts: ReadonlyArray<Module>): ReadonlyArray<Module> =>
  parts.flatMap((part) => [part, activation("relu")])

/** The network for images of `side` by `side` pixels, an even number; MNIST's have 28. */
const networksOf = (side: number): { readonly encoder: Network; readonly decoder: Network } => ({
  encoder: Result.getOrThrow(
    sequence(
      ...relu(convolution(8), convolution(8)),
      maxPooling(),
      ...relu(convolution(16), convolution(16)),
      flatten(),
      ...relu(dense(8)),
      dense(2)
    ).build([side, side, 1])
  ),
  decoder: Result.getOrThrow(
    sequence(
      ...relu(dense(8), dense((side / 2) ** 2 * 16)),
      reshape([side / 2, side / 2, 16]),
      ...relu(transposedConvolution(16), transposedConvolution(16, { stride: 2 })),
      ...relu(transposedConvolution(8), transposedConvolution(8)),
      transposedConvolution(1),
      activation("sigmoid")
    ).build([2])
  )
})

export interface ConvolutionSizes {
  /** Height and width of the images. */
  readonly side: number
  readonly batch: number
}

/** Initial parameters. */
export const initialState = ({ side }: ConvolutionSizes): HostTensors => {
  const { encoder, decoder } = networksOf(side)
  const infos = { ...prefixed("encoder/", encoder.parameters), ...prefixed("decoder/", decoder.parameters) }
  return Object.fromEntries(
    Object.entries(infos).map(([name, { shape, initializer }]) => [
      name,
      float32(
        shape,
        initializer.draw(shape, (count) => uniform({ seed: 1, stream: name, step: 0 }, count))
      )
    ])
  )
}

/** Synthetic images and the noise of one step. */
export const inputs = ({ side, batch }: ConvolutionSizes, step: number): HostTensors => ({
  images: float32(
    [batch, side, side, 1],
    uniform({ seed: 1, stream: "images", step }, batch * side * side).map((value) => (value < 0.8 ? 0 : value))
  ),
  noise: float32([batch, 2], normal({ seed: 1, stream: "noise", step }, batch * 2))
})

export const signature = (sizes: ConvolutionSizes): Signature => ({
  state: typesOf(initialState(sizes)),
  data: {},
  inputs: typesOf(inputs(sizes, 0))
})

/** `(pixels mean squared error + mean(codes²)) / 2`, and its gradients by all parameters. */
export const gradients = (
  { side }: ConvolutionSizes,
  state: Tensors,
  { images, noise }: Tensors
): { readonly loss: tf.Scalar; readonly by: Tensors } => {
  const { encoder, decoder } = networksOf(side)
  const names = Object.keys(state)
  const { value, grads } = tf.valueAndGrads((...values: Array<tf.Tensor>) => {
    const parameters = Object.fromEntries(names.map((name, index) => [name, values[index]!]))
    const codes = encoder.apply(under("encoder/", parameters), images!)
    const noisy = tf.add(codes, tf.mul(noise!, 0.5))
    const reconstructed = decoder.apply(under("decoder/", parameters), noisy)
    const error = tf.mean(tf.square(tf.sub(reconstructed, images!)))
    return tf.div(tf.add(tf.mul(side * side, error), tf.mean(tf.square(codes))), 2)
  })(names.map((name) => state[name]!))
  return { loss: value as tf.Scalar, by: Object.fromEntries(names.map((name, index) => [name, grads[index]!])) }
}

/** Outputs `loss` and the gradient of each parameter by its name. */
export const program = (sizes: ConvolutionSizes): Program => ({
  name: "convolutional step",
  run: ({ state, inputs }) => {
    const { loss, by } = gradients(sizes, state, inputs)
    return { outputs: { loss, ...by } }
  }
})
