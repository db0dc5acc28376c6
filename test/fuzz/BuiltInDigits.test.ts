import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { builtInDigits } from "../../src/core/datasets/BuiltInDigits.ts"
import { fuzz, hasTag } from "./Fuzz.ts"
import { reword } from "./JsonMutations.ts"
import { damage } from "./Mutations.ts"

const digits = { data: Array.from({ length: 10 }, (_, index) => index / 10) }

describe("the digits in a package", () => {
  it.live("are refused if their digest differs", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const outcomes = yield* fuzz({
        name: "built-in digits",
        draw: (draw) => {
          const text = reword(digits, draw)
          return draw.chance(0.5) ? text : Buffer.from(damage(Buffer.from(text), draw)).toString()
        },
        read: (text) =>
          builtInDigits.load.pipe(
            Effect.provideService(FileSystem.FileSystem, { ...fs, readFileString: () => Effect.succeed(text) })
          ),
        refusal: hasTag("DatasetError"),
        accepted: () => assert.fail("this is not MNIST")
      })
      assert.strictEqual(outcomes.accepted, 0)
    }).pipe(Effect.provide(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici)))
  )
})
