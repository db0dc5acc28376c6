import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SamplesByGroup } from "../../../src/core/evaluations/SamplesByGroup.ts"
import { GroupedLatent } from "../../../src/core/Model.ts"
import { textOf } from "../figures/compiles.ts"
import { fakeLayer } from "./FakeTrainedModel.ts"

describe("SamplesByGroup", () => {
  it.effect("makes a figure for each group above the first, whose rows share it and those above", () => {
    const asked: Array<unknown> = []
    const layer = Layer.merge(
      fakeLayer({ onSample: (...call) => asked.push(call) }),
      Layer.succeed(GroupedLatent, { groups: [5, 3, 2] })
    )
    return Effect.gen(function* () {
      const { figures } = yield* SamplesByGroup({ rows: 2, columns: 4 }).run
      assert.deepStrictEqual(asked, [
        [8, { from: 5, each: 4 }],
        [8, { from: 8, each: 4 }]
      ])
      assert.deepStrictEqual(
        figures.map(({ name }) => name),
        ["samples-sharing-group2", "samples-sharing-group3"]
      )
      assert.include(yield* textOf(figures[0]!), "Fake: new images that share the codes from group 2 upwards")
      assert.include(figures[1]!.caption, "the same codes in group 3 of 3")
    }).pipe(Effect.provide(layer))
  })

  it.effect("has nothing to show of one group", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* SamplesByGroup().run).figures, [])
    }).pipe(Effect.provide(Layer.merge(fakeLayer(), Layer.succeed(GroupedLatent, { groups: [2] }))))
  )
})
