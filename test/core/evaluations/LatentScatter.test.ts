import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { EmbeddingError } from "../../../src/core/Embedding.ts"
import { LatentScatter, neighbourAgreement } from "../../../src/core/evaluations/LatentScatter.ts"
import { compiles, textOf } from "../figures/compiles.ts"
import { codeOf, fakeLayer } from "./FakeTrainedModel.ts"

interface Points {
  readonly data: { readonly values: ReadonlyArray<{ readonly x: number; readonly y: number; readonly class: string }> }
}

describe("LatentScatter", () => {
  it("measures the agreement of nearest neighbours", () => {
    assert.strictEqual(neighbourAgreement([0, 1, 10, 11], [0, 0, 0, 0], [1, 1, 2, 2]), 1)
    assert.strictEqual(neighbourAgreement([0, 1, 10, 11], [0, 0, 0, 0], [1, 2, 1, 2]), 0)
    assert.strictEqual(neighbourAgreement([0], [0], [1]), 0)
    assert.strictEqual(neighbourAgreement([], [], []), 0)
  })

  it.effect("shows the means of a latent plane unchanged", () =>
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
      assert.includeMembers(text, ["Fake: t-SNE of the 5-dimensional codes of 45 test images", "t-SNE 1", "t-SNE 2"])
      assert.match(figures[0]!.caption, /a stratified subset of the 60.*perplexity 15.*100 % of the points/)
    }).pipe(Effect.provide(fakeLayer({ latent: 5, count: 60 })))
  )

  it.effect("shows the two dimensions that vary most without an embedding, for the requested split", () =>
    Effect.gen(function* () {
      const { figures } = yield* LatentScatter({ embedding: "none", split: "train", count: 40 }).run
      yield* compiles(figures[0]!)
      assert.strictEqual(figures[0]!.title, "Fake: encoder means of 40 training images")
      assert.include(figures[0]!.caption, "in the two of 4 dimensions that vary most")
    }).pipe(Effect.provide(fakeLayer({ latent: 4 })))
  )

  it.effect.each([
    { embedding: "t-sne" as const, title: "t-SNE", words: /perplexity \d/ },
    { embedding: "umap" as const, title: "UMAP", words: /14 nearest neighbours/ },
    { embedding: "pca" as const, title: "PCA", words: /which explain \d+ % of the variance/ }
  ])("embeds by $title on request, keeps classes apart, and names the method", ({ embedding, title, words }) =>
    Effect.gen(function* () {
      const [figure] = (yield* LatentScatter({ embedding }).run).figures
      assert.includeMembers(yield* textOf(figure!), [
        `Fake: ${title} of the 3-dimensional codes of 15 test images`,
        `${title} 1`
      ])
      assert.match(figure!.caption, words)
      assert.include(figure!.caption, "100 % of the points")
    }).pipe(Effect.provide(fakeLayer({ latent: 3, count: 15 })))
  )

  it.effect("names each figure by embedding and split, so that names are unique", () =>
    Effect.gen(function* () {
      const options = [
        {},
        { split: "train" },
        { embedding: "t-sne" },
        { embedding: "umap" },
        { embedding: "pca" },
        { embedding: "pca", split: "train" }
      ] as const
      const found = yield* Effect.forEach(options, (option) => LatentScatter(option).run)
      assert.deepStrictEqual(
        found.map(({ figures }) => figures[0]!.name),
        [
          "latent-scatter",
          "latent-scatter-train",
          "latent-scatter-t-sne",
          "latent-scatter-umap",
          "latent-scatter-pca",
          "latent-scatter-pca-train"
        ]
      )
    }).pipe(Effect.provide(fakeLayer({ count: 8 })))
  )

  it.effect("accepts a custom embedding, and reports its failure", () =>
    Effect.gen(function* () {
      const swapped = {
        spec: { _tag: "Swapped" },
        name: "swapped",
        title: "Swapped",
        maximumPoints: 4,
        embed: ({ count, values }: { readonly count: number; readonly values: Float32Array }) =>
          count > 4
            ? Effect.fail(new EmbeddingError({ embedding: "Swapped", reason: "too many" }))
            : Effect.succeed({ positions: values.toReversed(), how: "backwards" })
      }
      const { spec, run } = LatentScatter({ embedding: swapped })
      assert.deepStrictEqual(spec["embedding"], { _tag: "Swapped" })
      assert.match(
        (yield* run).figures[0]!.caption,
        /4 test images of Fake \(a stratified subset of the 8.*embedded backwards/
      )
      const error = yield* Effect.flip(LatentScatter({ embedding: swapped, embeddedCount: 5 }).run)
      assert.strictEqual(error._tag, "EvaluationError")
      assert.include(error.message, "LatentScatter: Swapped: too many")
    }).pipe(Effect.provide(fakeLayer({ count: 8 })))
  )

  it.effect("shows mean and deviation of a single dimension", () =>
    Effect.gen(function* () {
      const text = yield* textOf((yield* LatentScatter().run).figures[0]!)
      assert.includeMembers(text, ["z1, posterior mean", "σ1, posterior standard deviation"])
    }).pipe(Effect.provide(fakeLayer({ latent: 1 })))
  )

  it.effect("handles one image", () =>
    Effect.gen(function* () {
      yield* compiles((yield* LatentScatter().run).figures[0]!)
      yield* compiles((yield* LatentScatter({ embedding: "t-sne" }).run).figures[0]!)
    }).pipe(Effect.provide(fakeLayer({ count: 1, classes: 1 })))
  )
})
