import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Umap } from "../../../src/core/embeddings/Umap.ts"
import * as Reference from "../../../src/core/engines/Reference.ts"
import { normal } from "../../../src/core/Random.ts"
import { embeddingContract } from "../../../src/testing/EmbeddingContract.ts"

embeddingContract("UMAP", Umap())

describe("UMAP", () => {
  it.effect("limits the neighbours to the other points, and reports their number", () =>
    Effect.gen(function* () {
      const points = (count: number) => ({
        values: normal({ seed: 1, stream: "test", step: 0 }, 4 * count),
        count,
        seed: 0
      })
      assert.include((yield* Umap().embed(points(10))).how, "9 nearest neighbours")
      assert.include((yield* Umap({ neighbours: 5 }).embed(points(10))).how, "5 nearest neighbours")
    }).pipe(Effect.provide(Reference.layer))
  )

  it.effect("separates points whose squared distance overflows single precision", () =>
    Effect.gen(function* () {
      const values = Float32Array.from({ length: 60 }, (_, place) =>
        place % 3 === 0 && place >= 30 ? 1e25 : place % 7
      )
      const { positions } = yield* Umap().embed({ values, count: 20, seed: 0 })
      assert.isTrue(positions.every(Number.isFinite))
    }).pipe(Effect.provide(Reference.layer))
  )

  it.live("can be interrupted", () =>
    Effect.gen(function* () {
      const count = 300
      const values = normal({ seed: 1, stream: "test", step: 0 }, 4 * count)
      let ended = false
      const fiber = yield* Effect.forkChild(
        Effect.tap(Umap().embed({ values, count, seed: 0 }), () => Effect.sync(() => (ended = true)))
      )
      yield* Effect.sleep("20 millis")
      yield* Fiber.interrupt(fiber)
      assert.isFalse(ended)
    }).pipe(Effect.provide(Reference.layer))
  )
})
