import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { LoadedDataset } from "../../../src/core/Dataset.ts"
import * as InMemory from "../../../src/core/datasets/InMemory.ts"
import { datasetContract } from "../../../src/testing/DatasetContract.ts"
import { loadFrom } from "./OnlyOnDisk.ts"

const part = (count: number, first: number) => ({
  count,
  images: Uint8Array.from({ length: count * 4 }, (_, index) => (first + index * 7) % 256),
  labels: Uint8Array.from({ length: count }, (_, index) => index % 2)
})
const loaded: LoadedDataset = { train: part(20, 0), test: part(5, 3) }
const options = { name: "mine", shape: { height: 2, width: 2, channels: 1 }, examples: Effect.succeed(loaded) }

datasetContract("examples in memory", () => InMemory.labelled({ ...options, classes: ["a", "b"] }), {
  train: 20,
  test: 5,
  classes: 2
})

describe("InMemory", () => {
  it.live("is another dataset once a byte or a label is another", () =>
    Effect.gen(function* () {
      const { images, labels, count } = loaded.train
      const variants = [
        loaded,
        { ...loaded, train: { count, images: images.with(3, 200), labels: labels! } },
        { ...loaded, train: { count, images, labels: labels!.with(3, 0) } }
      ]
      const digests = yield* Effect.forEach(variants, (examples) =>
        Effect.map(
          loadFrom(undefined, InMemory.layer({ ...options, examples: Effect.succeed(examples) })),
          ({ located }) => located.digest
        )
      )
      assert.lengthOf(new Set(digests), 3)
    })
  )

  it.live("names what is wrong with the examples, and the error of the effect", () =>
    Effect.gen(function* () {
      const refused = (of: Partial<InMemory.LabelledOptions>, text: string) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(
            loadFrom(undefined, InMemory.labelled({ ...options, classes: ["a", "b"], ...of }))
          )
          assert.strictEqual(error.message, `mine: ${text}`)
        })
      yield* refused(
        { shape: { height: 2, width: 3, channels: 1 } },
        "train: expected 120 bytes for 20 images of [2, 3, 1], found 80"
      )
      yield* refused({ classes: ["a"] }, "train: expected labels below 1, found 1 at [1]")
      const { labels: _, ...unlabelled } = loaded.test
      yield* refused(
        { examples: Effect.succeed({ ...loaded, test: unlabelled }) },
        "test: expected 5 labels, found none"
      )
      yield* refused({ examples: Effect.fail(new Error("the camera is off")) }, "the camera is off")
    })
  )
})
