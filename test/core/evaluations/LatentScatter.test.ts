import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { LatentScatter, neighbourAgreement, stratified } from "../../../src/core/evaluations/LatentScatter.ts"
import { compiles, textOf } from "../figures/compiles.ts"
import { codeOf, fakeLayer } from "./FakeTrainedModel.ts"

interface Points {
  readonly data: { readonly values: ReadonlyArray<{ readonly x: number; readonly y: number; readonly class: string }> }
}

describe("LatentScatter", () => {
  it("takes each class in its proportion, indices ascending, each once", () => {
    const labels = Uint8Array.from({ length: 1_000 }, (_, index) => (index % 10 === 0 ? 1 : 0))
    const chosen = stratified({ count: 1_000, images: new Uint8Array(0), labels }, 100)
    assert.strictEqual(new Set(chosen).size, 100)
    assert.deepStrictEqual(chosen, chosen.toSorted())
    assert.strictEqual(chosen.filter((index) => labels[index] === 1).length, 10)
    assert.deepStrictEqual([...stratified({ count: 3, images: new Uint8Array(0) }, 10)], [0, 1, 2])
  })

  it("measures how often nearest neighbours agree", () => {
    assert.strictEqual(neighbourAgreement([0, 1, 10, 11], [0, 0, 0, 0], [1, 1, 2, 2]), 1)
    assert.strictEqual(neighbourAgreement([0, 1, 10, 11], [0, 0, 0, 0], [1, 2, 1, 2]), 0)
    assert.strictEqual(neighbourAgreement([0], [0], [1]), 0)
    assert.strictEqual(neighbourAgreement([], [], []), 0)
  })

  it.effect("shows the means of a latent plane as they are", () =>
    Effect.gen(function* () {
      const { figures } = yield* LatentScatter().run
      const text = yield* textOf(figures[0]!)
      assert.includeMembers(text, [
        "Fake: encoder means of 30 test images",
        "class 2",
        "z1, posterior mean",
        "z2, posterior mean"
      ])
      assert.include(figures[0]!.caption, "all of them")
      assert.include(figures[0]!.caption, "100 % of the points")
      const { values } = (figures[0]!.view as unknown as Points).data
      assert.strictEqual(values[7]!.class, "class 1")
      assert.approximately(values[7]!.x, codeOf(7, 1, 0), 0.01)
      assert.approximately(values[7]!.y, codeOf(7, 1, 1), 0.01)
    }).pipe(Effect.provide(fakeLayer()))
  )

  it.effect("embeds more dimensions by t-SNE, names the subset, and keeps classes apart", () =>
    Effect.gen(function* () {
      const { figures } = yield* LatentScatter({ embeddedCount: 45 }).run
      const text = yield* textOf(figures[0]!)
      assert.includeMembers(text, ["Fake: t-SNE of 45 test images' codes (5 dimensions)", "t-SNE 1", "t-SNE 2"])
      assert.match(figures[0]!.caption, /a subset of the 60.*perplexity 15.*100 % of the points/)
    }).pipe(Effect.provide(fakeLayer({ latent: 5, count: 60 })))
  )

  it.effect("shows the two dimensions that vary most when asked for no embedding, of the split asked for", () =>
    Effect.gen(function* () {
      const { figures } = yield* LatentScatter({ embedding: "none", split: "train", count: 40 }).run
      yield* compiles(figures[0]!)
      assert.strictEqual(figures[0]!.title, "Fake: encoder means of 40 training images")
      assert.include(figures[0]!.caption, "in the two of 4 dimensions that vary most")
    }).pipe(Effect.provide(fakeLayer({ latent: 4 })))
  )

  it.effect("embeds a plane when asked to", () =>
    Effect.gen(function* () {
      assert.include((yield* LatentScatter({ embedding: "t-sne" }).run).figures[0]!.title, "t-SNE")
    }).pipe(Effect.provide(fakeLayer({ count: 8 })))
  )

  it.effect("shows mean and deviation of a single dimension", () =>
    Effect.gen(function* () {
      const text = yield* textOf((yield* LatentScatter().run).figures[0]!)
      assert.includeMembers(text, ["z1, posterior mean", "σ1, posterior standard deviation"])
    }).pipe(Effect.provide(fakeLayer({ latent: 1 })))
  )

  it.effect("copes with one image", () =>
    Effect.gen(function* () {
      yield* compiles((yield* LatentScatter().run).figures[0]!)
      yield* compiles((yield* LatentScatter({ embedding: "t-sne" }).run).figures[0]!)
    }).pipe(Effect.provide(fakeLayer({ count: 1, classes: 1 })))
  )
})
