import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { rateDistortion } from "../../../src/pipelines/figures/RateDistortion.ts"
import { compiles, textOf } from "../../core/figures/compiles.ts"

const rows = [
  { label: "β = 0", rate: 40.8, distortion: 149.4 },
  { label: "β = 1", rate: 5.6, distortion: 151.7 },
  { label: "β = 200", rate: 0.0001, distortion: 206.1 }
]

interface Layered {
  readonly layer: ReadonlyArray<{ readonly data: { readonly values: ReadonlyArray<Record<string, number | string>> } }>
}

describe("RateDistortion", () => {
  it.effect("labels each run and names the best one in the caption", () =>
    Effect.gen(function* () {
      const figure = rateDistortion(rows, { title: "T" })
      const text = yield* textOf(figure)
      assert.includeMembers(
        text,
        rows.map((row) => row.label)
      )
      assert.include(figure.caption, "\u2212157.30 nats per image, belongs to β = 1")
    })
  )

  it.effect("distinguishes runs by a legend if labels do not fit, but not seeds", () =>
    Effect.gen(function* () {
      const crowded = Array.from({ length: 12 }, (_, index) => ({
        label: `a long name = ${index}`,
        rate: 5 + index / 1000,
        distortion: 100
      }))
      const text = yield* textOf(rateDistortion(crowded, { title: "T" }))
      for (const { label } of crowded) assert.strictEqual(text.filter((piece) => piece === label).length, 1)
      assert.include(text, "run")
      const seeds = rows.flatMap((row) =>
        [1, 2].map((seed) => ({
          ...row,
          rate: row.rate + seed,
          label: `${row.label}, seed = ${seed}`,
          group: row.label
        }))
      )
      const grouped = yield* textOf(rateDistortion(seeds, { title: "T" }))
      assert.includeMembers(
        grouped,
        rows.map(({ label }) => label)
      )
      assert.isFalse(grouped.some((piece) => piece.includes("seed")))
    })
  )

  it("draws lines of equal ELBO, each with its value once", () => {
    const [lines, right, below] = (rateDistortion(rows, { title: "T" }).view as unknown as Layered).layer
    for (const { elbo, x, x2, y, y2 } of lines!.data.values as ReadonlyArray<Record<string, number>>) {
      const value = -Number(String(elbo).replace("ELBO ", "").replace("\u2212", "-"))
      assert.approximately(x! + y!, value, 1e-9)
      assert.approximately(x2! + y2!, value, 1e-9)
    }
    assert.isAtLeast(lines!.data.values.length, 3)
    assert.strictEqual(right!.data.values.length + below!.data.values.length, lines!.data.values.length)
  })

  it.effect("compiles for no runs, one run and equal runs, and names runs with non-finite values", () =>
    Effect.gen(function* () {
      yield* compiles(rateDistortion([], { title: "T" }))
      yield* compiles(rateDistortion(rows.slice(0, 1), { title: "T" }))
      yield* compiles(rateDistortion([rows[0]!, rows[0]!], { title: "T" }))
      const lost = rateDistortion([...rows, { label: "β = x", rate: Infinity, distortion: 3 }], { title: "T" })
      assert.match(lost.caption, /Omitted.*β = x/)
      assert.notInclude(yield* textOf(lost), "β = x")
    })
  )
})
