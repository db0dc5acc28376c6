import { describe } from "@effect/vitest"
import { Effect } from "effect"
import * as Convolution from "../../../../src/core/engines/native/Convolution.ts"
import type { MachineCode } from "../../../machine/MachineCode.ts"
import { assertNear, fenced, nativeTest, tableOf, withPools } from "./NativeTest.ts"
import { type Case, cases, eachProduct, randomize, sizesOf } from "./PlainConvolution.ts"

const directions = { convolve: Convolution.convolve, convolveBack: Convolution.convolveBack }
type Direction = keyof typeof directions

/** Runs one on buffers whose neighbours may not be touched, and compares. */
const check = (machine: MachineCode, direction: Direction, name: string, shape: Case, epilogue?: "with an epilogue") =>
  Effect.gen(function* () {
    const isBack = direction === "convolveBack"
    const sizes = sizesOf(shape)
    const channels = isBack ? shape.inputs : shape.outputs
    const from = yield* fenced(machine, isBack ? sizes.output : sizes.input, 4)
    const filter = yield* fenced(machine, sizes.filter, 4)
    const to = yield* fenced(machine, isBack ? sizes.input : sizes.output, 4)
    const bias = yield* fenced(machine, channels, 4)
    const where = yield* fenced(machine, to.values.length, 4)
    ;[from, filter, bias, where].forEach(({ values }, index) => randomize(values, index + 1))
    const expected = new Float64Array(to.values.length)
    if (epilogue) expected.forEach((_, index) => (expected[index] = bias.values[index % channels]!))
    eachProduct(shape, (input, weight, output) => {
      const [source, target] = isBack ? [output, input] : [input, output]
      expected[target]! += from.values[source]! * filter.values[weight]!
    })
    if (epilogue)
      expected.forEach((value, index) => (expected[index] = where.values[index]! > 0 ? Math.max(value, 0) : 0))
    const table = yield* tableOf(
      machine,
      [from, filter, to, bias, where].map(({ address }) => address)
    )
    const phase = directions[direction]({
      ...shape,
      lanes: machine.set.registers.lanes,
      from: 0,
      filter: 1,
      to: 2,
      ...(epilogue && { epilogue: { bias: 3, rectified: true, where: 4 } })
    })
    yield* withPools(machine, (pool) =>
      Effect.gen(function* () {
        const compiled = yield* pool.compile([phase])
        to.values.fill(Number.NaN)
        compiled.run(table)
        assertNear(to.values, expected, 3e-6, `${name}, ${pool.threads} threads`)
      })
    )
  })

describe.each(["convolve", "convolveBack"] as const)("%s", (direction) => {
  for (const [name, shape] of Object.entries(cases)) {
    nativeTest(`is the sum of products: ${name}`, (machine) => check(machine, direction, name, shape))
  }
  nativeTest("adds a bias, cuts off at 0 and lets through where it should", (machine) =>
    Effect.forEach(
      ["eight to eight", "eight to one", "strides that differ", "more than two vectors"],
      (name) => check(machine, direction, name, cases[name]!, "with an epilogue"),
      { discard: true }
    )
  )
})
