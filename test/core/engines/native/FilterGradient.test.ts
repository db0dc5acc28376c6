import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import * as FilterGradient from "../../../../src/core/engines/native/FilterGradient.ts"
import { parts } from "../../../../src/core/engines/native/FilterPartialSums.ts"
import { reduce } from "../../../../src/core/engines/native/FilterReduction.ts"
import { sumVectors } from "../../../../src/core/engines/native/PaddedImage.ts"
import { assertNear, fenced, nativeTest, tableOf, withPools } from "./NativeTest.ts"
import { cases, eachProduct, randomize, sizesOf } from "./PlainConvolution.ts"

describe("the derivative by a filter", () => {
  const all = { ...cases, "many images": { ...cases["eight to one"]!, batch: 37 } }
  for (const [name, shape, sums] of Object.entries(all).flatMap(([name, shape]) =>
    (["inputs", "outputs"] as const).map((sums) => [name, shape, sums] as const)
  )) {
    const summed = shape[sums]
    nativeTest(`is the sum of products, beside sums of ${sums}: ${name}`, (machine) =>
      Effect.gen(function* () {
        const { registers } = machine.set
        if (sums === "inputs" && sumVectors(summed, registers) === undefined) return
        const sizes = sizesOf(shape)
        const filterGradient = { ...shape, registers, sums }
        const [pieces, size] = FilterGradient.partsShape(filterGradient)
        const image = yield* fenced(machine, sizes.input, 4)
        const gradient = yield* fenced(machine, sizes.output, 4)
        const to = yield* fenced(machine, sizes.filter + summed, 4)
        const workspace = yield* fenced(machine, pieces * size, 4)
        ;[image, gradient].forEach(({ values }, index) => randomize(values, index + 1))
        const expected = new Float64Array(to.values.length)
        eachProduct(shape, (input, filter, output) => {
          expected[filter]! += image.values[input]! * gradient.values[output]!
        })
        ;(sums === "inputs" ? image : gradient).values.forEach(
          (value, index) => (expected[sizes.filter + (index % summed)]! += value)
        )
        const table = yield* tableOf(
          machine,
          [image, gradient, to, workspace].map(({ address }) => address)
        )
        const phases = [
          parts(filterGradient, { image: 0, gradient: 1, to: 3 }),
          reduce(filterGradient, { parts: 3, to: 2 })
        ]
        let first: Float32Array | undefined
        yield* withPools(machine, (pool) =>
          Effect.gen(function* () {
            const compiled = yield* pool.compile(phases)
            to.values.fill(Number.NaN)
            workspace.values.fill(Number.NaN)
            compiled.run(table)
            assertNear(to.values, expected, 3e-6, `${name}, ${pool.threads} threads`)
            first ??= to.values.slice()
            assert.deepStrictEqual(to.values.slice(), first, "the bits do not depend on the number of threads")
          })
        )
      })
    )
  }
})
