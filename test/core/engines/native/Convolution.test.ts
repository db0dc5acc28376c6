import { describe } from "@effect/vitest"
import { Effect } from "effect"
import * as Convolution from "../../../../src/core/engines/native/Convolution.ts"
import type { Memory } from "../../../../src/core/engines/native/Memory.ts"
import { assertNear, fenced, nativeTest, tableOf, withCrews } from "./NativeTest.ts"
import { type Case, cases, eachProduct, randomize, sizesOf } from "./PlainConvolution.ts"

const directions = { convolve: Convolution.convolve, convolveBack: Convolution.convolveBack }
type Direction = keyof typeof directions

/** Runs one on buffers whose neighbours may not be touched, and compares. */
const check = (memory: Memory, direction: Direction, name: string, shape: Case, finish?: "finished") =>
  Effect.gen(function* () {
    const isBack = direction === "convolveBack"
    const sizes = sizesOf(shape)
    const channels = isBack ? shape.inputs : shape.outputs
    const from = yield* fenced(memory, isBack ? sizes.output : sizes.input, 4)
    const filter = yield* fenced(memory, sizes.filter, 4)
    const to = yield* fenced(memory, isBack ? sizes.input : sizes.output, 4)
    const bias = yield* fenced(memory, channels, 4)
    const where = yield* fenced(memory, to.values.length, 4)
    ;[from, filter, bias, where].forEach(({ values }, index) => randomize(values, index + 1))
    const expected = new Float64Array(to.values.length)
    if (finish) expected.forEach((_, index) => (expected[index] = bias.values[index % channels]!))
    eachProduct(shape, (input, weight, output) => {
      const [source, target] = isBack ? [output, input] : [input, output]
      expected[target]! += from.values[source]! * filter.values[weight]!
    })
    if (finish)
      expected.forEach((value, index) => (expected[index] = where.values[index]! > 0 ? Math.max(value, 0) : 0))
    const table = yield* tableOf(
      memory,
      [from, filter, to, bias, where].map(({ address }) => address)
    )
    const phase = directions[direction]({
      ...shape,
      from: 0,
      filter: 1,
      to: 2,
      ...(finish && { finish: { bias: 3, rectified: true, where: 4 } })
    })
    yield* withCrews(memory, (crew) =>
      Effect.gen(function* () {
        const compiled = yield* crew.compile([phase])
        to.values.fill(Number.NaN)
        compiled.run(table)
        assertNear(to.values, expected, 3e-6, `${name}, ${crew.threads} threads`)
      })
    )
  })

describe.each(["convolve", "convolveBack"] as const)("%s", (direction) => {
  for (const [name, shape] of Object.entries(cases)) {
    nativeTest(`is the sum of products: ${name}`, (memory) => check(memory, direction, name, shape))
  }
  nativeTest("adds a bias, cuts off at 0 and lets through where it should", (memory) =>
    Effect.forEach(
      ["eight to eight", "eight to one", "strides that differ", "more than two vectors"],
      (name) => check(memory, direction, name, cases[name]!, "finished"),
      { discard: true }
    )
  )
})
