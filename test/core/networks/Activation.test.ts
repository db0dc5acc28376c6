import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { activation, type ActivationName, activations } from "../../../src/core/networks/Activation.ts"
import { float32 } from "../../../src/core/Tensors.ts"
import {
  assertClose,
  assertFinite,
  assertGradients,
  gradients,
  read,
  toTensor
} from "../../../src/testing/TensorProbe.ts"

const formulas: Record<ActivationName, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(x, 0),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  "leaky-relu": (x) => (x > 0 ? x : 0.2 * x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

describe("activation", () => {
  it.each(Object.keys(activations) as Array<ActivationName>)("%s has its formula's values and gradients", (name) => {
    const network = Result.getOrThrow(activation(name).build([6]))
    const x = float32([1, 6], Float32Array.of(-5, -0.7, -0.1, 0.1, 0.9, 6))
    const { y } = read(() => ({ y: network.apply({}, toTensor(x)) }))
    assert.deepStrictEqual(y.shape, [1, 6])
    assertClose(y.values, Array.from(x.values, formulas[name]), 1e-5)
    assertGradients(({ x }) => network.apply({}, x), { x })
  })

  it.each(Object.keys(activations) as Array<ActivationName>)("%s stays finite far from 0", (name) => {
    const network = Result.getOrThrow(activation(name).build([3]))
    const at = { x: float32([1, 3], Float32Array.of(-200, 0, 200)) }
    assertFinite(read(() => ({ y: network.apply({}, toTensor(at.x)) })))
    assertFinite(gradients(({ x }) => network.apply({}, x), at))
  })
})
