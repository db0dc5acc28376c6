/**
 * The contract of stacked programs as tests: each kernel, with operands per run or shared, gives the same results as
 * the single runs on the reference engine.
 */
import { describe, it } from "@effect/vitest"
import { Effect, type Layer, Record } from "effect"
import { Engine, type EngineError, type Program } from "../core/Engine.ts"
import * as Reference from "../core/engines/Reference.ts"
import * as Stack from "../core/Stack.ts"
import { type HostTensor, type HostTensors, typesOf } from "../core/Tensors.ts"
import { assertAgree } from "./EngineAgreement.ts"
import type { KernelCase } from "./KernelCase.ts"
import { kernelCases } from "./KernelCases.ts"
import { caseInputs, caseProgram } from "./KernelContract.ts"

const runs = 2

/** The values for each run: those of the case, moved on by one element from run to run. */
const joined = ({ dtype, shape, values }: HostTensor): HostTensor => {
  const all = new (values.constructor as Float32ArrayConstructor)(runs * values.length)
  for (let run = 0; run < runs; run++) {
    for (let index = 0; index < values.length; index++) {
      all[run * values.length + index] = values[(index + run) % values.length]!
    }
  }
  return { shape: [runs, ...shape], dtype, values: all }
}

/** Which operands are the same for all runs. */
const variants: Readonly<Record<string, (operand: number) => boolean>> = {
  own: () => false,
  first: (operand) => operand === 0,
  others: (operand) => operand > 0
}

const operandOf = (name: string): number => Number(name.split("/")[1])

/** All variants as one program, whose shared operands are data. */
const programOf = (name: string, cases: ReadonlyArray<KernelCase>): Program => {
  const single = caseProgram(name, cases)
  return {
    name,
    run: ({ data, inputs, state }) => ({
      outputs: Object.fromEntries(
        Object.entries(variants).flatMap(([variant, isShared]) => {
          const operands = Record.map(inputs, (tensor, key) => (isShared(operandOf(key)) ? data[key]! : tensor))
          const results = single.run({ state, data, inputs: operands })
          return Object.entries(results.outputs).map(([key, tensor]) => [`${variant}/${key}`, tensor] as const)
        })
      )
    })
  }
}

const runStacked = Effect.fnUntraced(function* (program: Program, inputs: HostTensors) {
  const engine = yield* Engine
  const types = typesOf(inputs)
  const one = { state: {}, data: types, inputs: types }
  const nothing = yield* engine.place({})
  const data = yield* engine.place(inputs)
  const stacked = Stack.program(Array<Program>(runs).fill(program), one)
  const executable = yield* engine.compile(stacked, Stack.signature(runs, one))
  return yield* executable.run({ state: nothing, data, inputs: Record.map(inputs, joined) })
}, Effect.scoped)

/** Declares the tests of stacked programs for one engine. */
export const stackContract = (name: string, layer: Layer.Layer<Engine, EngineError>): void => {
  describe(`${name}: stacked runs`, () => {
    for (const [kernel, cases] of Object.entries(kernelCases)) {
      it.effect(kernel, () =>
        Effect.gen(function* () {
          const program = programOf(kernel, cases)
          const inputs = caseInputs(cases)
          const expected = yield* Effect.provide(runStacked(program, inputs), Reference.layer)
          const actual = yield* Effect.provide(runStacked(program, inputs), layer)
          const floors = (output: string) => cases[Number(output.split("/")[1])]!.floor
          assertAgree(actual, expected, floors)
        })
      )
    }
  })
}
