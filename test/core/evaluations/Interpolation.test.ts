import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Interpolation } from "../../../src/core/evaluations/Interpolation.ts"
import { textOf } from "../figures/compiles.ts"
import { fakeLayer, kinds } from "./FakeTrainedModel.ts"

describe("Interpolation", () => {
  it.effect.each(kinds)("makes a figure: $name", (kind) =>
    Effect.gen(function* () {
      const { figures } = yield* Interpolation({ lines: 3, steps: 5 }).run
      assert.include(yield* textOf(figures[0]!), "Fake: interpolation between test images")
      const lines = Math.min(3, Math.floor((kind.count ?? 30) / 2))
      assert.include(figures[0]!.caption, `at 5 equally spaced codes on ${lines} lines`)
    }).pipe(Effect.provide(fakeLayer(kind)))
  )
})
