/**
 * The contract of kernels as tests: values and gradients agree with the reference engine's.
 */
import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer, Record } from "effect"
import type { Engine, EngineError, Program } from "../core/Engine.ts"
import type { HostTensors } from "../core/Tensors.ts"
import { type Accuracy, exact } from "./Accuracy.ts"
import { assertAgree, referenceOf } from "./EngineAgreement.ts"
import { runOnce } from "./EnginePrograms.ts"
import type { KernelCase } from "./KernelCase.ts"
import { kernelCases } from "./KernelCases.ts"

/** All cases of a kernel as one program: values as `INDEX/value/…`, derivatives as `INDEX/gradient/…`. */
export const caseProgram = (name: string, cases: ReadonlyArray<KernelCase>): Program => ({
  name,
  run: ({ inputs }) => ({
    outputs: Object.fromEntries(
      cases.flatMap(({ call, gradient, inputs: declared }, index) => {
        const operands = declared.map((_, operand) => inputs[`${index}/${operand}`]!)
        const results = [call(...operands)].flat()
        const values = results.map((result, output): [string, tf.Tensor] => [`${index}/value/${output}`, result])
        const floating = declared.flatMap(({ dtype }, operand) => (dtype === "float32" ? [operand] : []))
        if (!gradient || floating.length === 0 || results.some(({ dtype }) => dtype !== "float32")) return values
        // A weighted sum, with different weights, of all results.
        const weighted = (...varied: Array<tf.Tensor>): tf.Scalar =>
          [call(...operands.map((operand, at) => varied[floating.indexOf(at)] ?? operand))]
            .flat()
            .map((result) => {
              const weights = Array.from({ length: result.size }, (_, at) => 0.5 + ((at * 7) % 11) / 4)
              return tf.sum<tf.Scalar>(tf.mul(result, tf.tensor(weights, result.shape)))
            })
            .reduce((sum, term) => tf.add(sum, term))
        const gradients = tf.grads(weighted)(floating.map((operand) => operands[operand]!))
        return [
          ...values,
          ...gradients.map((result, at): [string, tf.Tensor] => [`${index}/gradient/${floating[at]}`, result])
        ]
      })
    )
  })
})

export const caseInputs = (cases: ReadonlyArray<KernelCase>): HostTensors =>
  Object.fromEntries(
    cases.flatMap(({ inputs }, index) => inputs.map((tensor, operand) => [`${index}/${operand}`, tensor]))
  )

/** The results, with the reference's value where that is NaN. */
const numbersOf = (actual: HostTensors, expected: HostTensors): HostTensors =>
  Record.map(actual, (tensor, name) => ({
    ...tensor,
    values: tensor.values.map((value, index) =>
      Number.isNaN(expected[name]?.values[index]) ? Number.NaN : value
    ) as typeof tensor.values
  }))

/** Registers the kernels' tests for one engine. */
export const kernelContract = (
  name: string,
  layer: Layer.Layer<Engine, EngineError>,
  { floor, keepsNaN }: Accuracy = exact
): void => {
  describe(`${name}: kernels`, () => {
    for (const [kernel, cases] of Object.entries(kernelCases)) {
      it.effect(kernel, () =>
        Effect.gen(function* () {
          const program = caseProgram(kernel, cases)
          const inputs = caseInputs(cases)
          const expected = yield* referenceOf(`kernel ${kernel}`, runOnce(program, inputs))
          const actual = yield* Effect.provide(runOnce(program, inputs), layer)
          assertAgree(keepsNaN ? actual : numbersOf(actual, expected), expected, (output) =>
            Math.max(floor(kernel), cases[Number.parseInt(output, 10)]!.floor)
          )
        })
      )
    }
  })
}
