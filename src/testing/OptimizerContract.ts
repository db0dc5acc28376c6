/**
 * The contract of optimisers as tests: `optimizerContract("Mine", Mine({ learningRate: 0.1 }))`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Record } from "effect"
import type { Optimizer } from "../core/Optimizer.ts"
import { canonicalJson } from "../core/Spec.ts"
import { float32, type HostTensor, type HostTensors, prefixed, typesOf, under } from "../core/Tensors.ts"
import {
  assertFinite,
  constantValues,
  normalValues,
  read,
  type Reading,
  Seed,
  timeAt,
  toTensors
} from "./TensorProbe.ts"

export interface OptimizerContractOptions {
  /** Maximum number of steps until the quadratic bowl's value falls to a thousandth. */
  readonly stepsToConverge?: number
  /** Whether it moves parameters without a gradient, like weight decay; default: false. */
  readonly decays?: boolean
  /** Whether a parameter's update depends on the others' gradients, like a global norm; default: false. */
  readonly joint?: boolean
}

/** Parameters and state between two steps. */
interface Standing {
  readonly parameters: HostTensors
  readonly state: HostTensors
}

const hosts = (readings: Readonly<Record<string, Reading>>): HostTensors =>
  Record.map(readings, ({ shape, values }) => float32(shape, values))

/** Registers the contract's tests. */
export const optimizerContract = (name: string, optimizer: Optimizer, options: OptimizerContractOptions = {}): void => {
  const { decays = false, joint = false, stepsToConverge = 500 } = options

  const start = (parameters: HostTensors): Standing => ({
    parameters,
    state: Record.map(optimizer.state(typesOf(parameters)), ({ shape }) => constantValues(shape, 0))
  })

  /** One update; `step` is 1 for the first. */
  const update = ({ parameters, state }: Standing, gradients: HostTensors, step: number): Standing => {
    const after = hosts(
      read(() => {
        const result = optimizer.update({
          parameters: toTensors(parameters),
          gradients: toTensors(gradients),
          state: toTensors(state),
          ...timeAt(step)
        })
        return { ...prefixed("parameters/", result.parameters), ...prefixed("state/", result.state) }
      })
    )
    return { parameters: under("parameters/", after), state: under("state/", after) }
  }

  const sample = (seed: number): { readonly parameters: HostTensors; readonly gradients: HostTensors } => {
    const shapes = { "encoder/dense1/kernel": [3, 2], "encoder/dense1/bias": [2], scale: [] }
    return {
      parameters: Record.map(shapes, (shape, name) => normalValues(seed, name, shape)),
      gradients: Record.map(shapes, (shape, name) => normalValues(seed, `gradient/${name}`, shape))
    }
  }

  describe(`${name}, an optimiser`, () => {
    it("describes itself", () => {
      assert.isString(optimizer.spec._tag)
      assert.deepStrictEqual(JSON.parse(canonicalJson(optimizer.spec)), optimizer.spec)
      assert.isUndefined(optimizer.problem)
    })

    it("keeps the names and shapes of parameters and state", () => {
      const { parameters, gradients } = sample(1)
      const types = optimizer.state(typesOf(parameters))
      assert.deepStrictEqual(optimizer.state(typesOf(parameters)), types)
      let standing = start(parameters)
      for (let step = 1; step <= 3; step++) {
        standing = update(standing, gradients, step)
        assert.deepStrictEqual(typesOf(standing.parameters), typesOf(parameters))
        assert.deepStrictEqual(
          Record.map(typesOf(standing.state), ({ shape }) => shape),
          Record.map(types, ({ shape }) => shape)
        )
      }
    })

    it.prop("is a function of its arguments alone", { seed: Seed }, ({ seed }) => {
      const { parameters, gradients } = sample(seed)
      const once = update(start(parameters), gradients, 1)
      assert.deepStrictEqual(update(start(parameters), gradients, 1), once)
      assert.deepStrictEqual(update(once, gradients, 2), update(once, gradients, 2))
    })

    if (!joint) {
      it("updates each parameter independently", () => {
        const { parameters, gradients } = sample(2)
        const together = update(update(start(parameters), gradients, 1), gradients, 2)
        for (const name of Object.keys(parameters)) {
          const alone = update(
            update(start({ [name]: parameters[name]! }), { [name]: gradients[name]! }, 1),
            { [name]: gradients[name]! },
            2
          )
          assert.deepStrictEqual(together.parameters[name], alone.parameters[name])
        }
      })
    }

    if (!decays) {
      it("moves against the gradient at first, and not at all if it is 0", () => {
        const { parameters, gradients } = sample(3)
        const moved = update(start(parameters), gradients, 1)
        const still = update(
          start(parameters),
          Record.map(gradients, ({ shape }) => constantValues(shape, 0)),
          1
        )
        for (const [name, { values }] of Object.entries(parameters)) {
          const change = moved.parameters[name]!.values.map((value, index) => value - values[index]!)
          change.forEach((value, index) => assert.isBelow(value * gradients[name]!.values[index]!, 0))
          assert.deepStrictEqual(still.parameters[name]!.values, values)
        }
      })
    }

    it("converges on a quadratic bowl", () => {
      // ½ Σ c x², steeper in some directions than in others.
      const curvature = [0.3, 1, 2]
      const bowl = (x: HostTensor): number =>
        curvature.reduce((sum, c, index) => sum + 0.5 * c * x.values[index]! ** 2, 0)
      let standing = start({ x: float32([3], Float32Array.of(1, -1, 0.5)) })
      const before = bowl(standing.parameters["x"]!)
      for (let step = 1; step <= stepsToConverge; step++) {
        const x = standing.parameters["x"]!
        const gradient = Float32Array.from(x.values, (value, index) => value * curvature[index]!)
        standing = update(standing, { x: float32([3], gradient) }, step)
      }
      assert.isBelow(bowl(standing.parameters["x"]!), before / 1000)
    })

    it("stays finite after gradients of any size, at any step", () => {
      const sizes = [0, 1e-30, 1e-12, 1, 1e12, 1e18, -1e18]
      const gradient = float32([sizes.length], Float32Array.from(sizes))
      for (const step of [1, 1000, 1_000_000]) {
        let standing = start({ x: constantValues([sizes.length], 1) })
        standing = update(update(standing, { x: gradient }, step), { x: gradient }, step + 1)
        assertFinite(Record.map({ ...standing.parameters, ...standing.state }, asReading))
      }
    })
  })
}

const asReading = ({ shape, values }: HostTensor): Reading => ({ shape, values: values as Float32Array })
