import { describe } from "@effect/vitest"
import { Effect } from "effect"
import * as Pooling from "../../../../src/core/engines/native/Pooling.ts"
import { assertNear, fenced, nativeTest, tableOf, withPools } from "./NativeTest.ts"
import { axis, randomize } from "./PlainConvolution.ts"

const windows = {
  halves: { rows: axis(14, 2, 2, 0, 0), columns: axis(28, 2, 2, 0, 0) },
  "rows left out": { rows: axis(7, 2, 2, 0, 0), columns: axis(9, 3, 3, 0, 0) },
  overlapping: { rows: axis(7, 3, 1, 0, 0), columns: axis(9, 3, 2, 0, 0) },
  apart: { rows: axis(8, 1, 2, 0, 0), columns: axis(9, 2, 3, 0, 0) },
  "all at once": { rows: axis(5, 5, 1, 0, 0), columns: axis(3, 3, 1, 0, 0) }
}

for (const kind of ["largest", "average"] as const) {
  describe(`pooling, ${kind}`, () => {
    for (const [name, window] of Object.entries(windows)) {
      nativeTest(`and its derivative are what loops say: ${name}`, (machine) =>
        Effect.forEach(
          [1, 8, 16, 21],
          (channels) =>
            Effect.gen(function* () {
              const batch = 3
              const { columns, rows } = window
              const pooling = { kind, batch, window, channels }
              const image = yield* fenced(machine, batch * rows.input * columns.input * channels, 4)
              const gradient = yield* fenced(machine, batch * rows.output * columns.output * channels, 4)
              const where = yield* fenced(machine, image.values.length, 4)
              const to = yield* fenced(machine, gradient.values.length, 4)
              const back = yield* fenced(machine, image.values.length, 4)
              ;[image, gradient, where].forEach(({ values }, index) => randomize(values, index + 1))
              // Many equal elements, so that it matters which is the first.
              image.values.forEach((value, index) => (image.values[index] = Math.round(3 * value)))
              const expected = new Float64Array(to.values.length)
              const expectedBack = new Float64Array(image.values.length)
              for (let index = 0; index < expected.length; index++) {
                const channel = index % channels
                const x = Math.floor(index / channels) % columns.output
                const y = Math.floor(index / channels / columns.output) % rows.output
                const n = Math.floor(index / channels / columns.output / rows.output)
                const seen = Array.from({ length: rows.size * columns.size }, (_, place) => {
                  const row = y * rows.stride + Math.floor(place / columns.size)
                  const column = x * columns.stride + (place % columns.size)
                  return ((n * rows.input + row) * columns.input + column) * channels + channel
                })
                const elements = seen.map((place) => image.values[place]!)
                const largest = Math.max(...elements)
                const hit = seen[elements.indexOf(largest)]!
                const mean = elements.reduce((sum, element) => sum + element, 0) / seen.length
                expected[index] = kind === "largest" ? largest : mean
                for (const place of seen) {
                  const share = kind === "average" ? 1 / seen.length : Number(place === hit)
                  if (where.values[place]! > 0) expectedBack[place]! += share * gradient.values[index]!
                }
              }
              const all = [image, gradient, where, to, back]
              const table = yield* tableOf(
                machine,
                all.map(({ address }) => address)
              )
              yield* withPools(machine, (pool) =>
                Effect.gen(function* () {
                  const compiled = yield* pool.compile([
                    Pooling.pool(pooling, { from: 0, to: 3 }),
                    Pooling.poolBack(pooling, { gradient: 1, image: 0, to: 4, where: 2 })
                  ])
                  ;[to, back].forEach(({ values }) => values.fill(Number.NaN))
                  compiled.run(table)
                  assertNear(to.values, expected, 1e-6, `${name}, ${channels} channels`)
                  assertNear(back.values, expectedBack, 1e-6, `${name} back, ${channels} channels`)
                })
              )
            }),
          { discard: true }
        )
      )
    }
  })
}
