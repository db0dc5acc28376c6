import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CodesBySplit } from "../../../src/core/evaluations/CodesBySplit.ts"
import { compiles, textOf } from "../figures/compiles.ts"
import { codeOf, fakeLayer, kinds } from "./FakeTrainedModel.ts"

describe("CodesBySplit", () => {
  it.effect.each([...kinds, { name: "one latent dimension", latent: 1 }, { name: "five", latent: 5 }])(
    "shows the images of both splits, with labels or without: $name",
    (kind) =>
      Effect.gen(function* () {
        const { figures } = yield* CodesBySplit().run
        const text = yield* textOf(figures[0]!)
        assert.includeMembers(text, ["images", "training", "test"])
        const count = kind.count ?? 30
        assert.include(figures[0]!.title, `Fake: encoder means of ${2 * count} training images and ${count} test image`)
      }).pipe(Effect.provide(fakeLayer(kind)))
  )

  it.effect("puts every image at its posterior mean", () =>
    Effect.gen(function* () {
      const { figures } = yield* CodesBySplit({ count: 3 }).run
      yield* compiles(figures[0]!)
      const values = JSON.stringify(figures[0]!.view)
      assert.include(values, String(Math.fround(codeOf(0, 0, 0))).slice(0, 6))
      assert.match(figures[0]!.caption, /3 training images .* and 3 test images .* coloured by split/)
    }).pipe(Effect.provide(fakeLayer({ count: 3, classes: 1 })))
  )
})
