/**
 * Reshaping and flattening.
 */
import * as tf from "@tensorflow/tfjs-core"
import { Result } from "effect"
import { NetworkError, type Module, stateless } from "../Network.ts"
import { type Shape, sizeOf } from "../Tensors.ts"

/** From `[batch, ...input]` to `[batch, ...shape]`, in row-major order. Fails if the sizes differ. */
export const reshape = (shape: Shape): Module => ({
  name: "reshape",
  spec: { _tag: "Reshape", shape },
  build: (input) => {
    if (sizeOf(input) !== sizeOf(shape)) {
      const reason = `cannot reshape [${input.join(", ")}] to [${shape.join(", ")}]: ${sizeOf(input)} values, not ${sizeOf(shape)}`
      return Result.fail(new NetworkError({ module: "", reason }))
    }
    return Result.succeed(stateless(shape, (x) => tf.reshape(x, [x.shape[0]!, ...shape])))
  }
})

/** From `[batch, ...input]` to `[batch, size of input]`. */
export const flatten = (): Module => ({
  name: "flatten",
  spec: { _tag: "Flatten" },
  build: (input) => {
    const size = sizeOf(input)
    return Result.succeed(stateless([size], (x) => tf.reshape(x, [x.shape[0]!, size])))
  }
})
