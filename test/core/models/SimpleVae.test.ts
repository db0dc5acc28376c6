import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Model } from "../../../src/core/Model.ts"
import * as SequentialVae from "../../../src/core/models/SequentialVae.ts"
import * as SimpleVae from "../../../src/core/models/SimpleVae.ts"
import { FixedDeviationGaussian } from "../../../src/core/posteriors/FixedDeviationGaussian.ts"
import { sizeOf } from "../../../src/core/Tensors.ts"

/** Parameters of each layer, kernel and bias together, in the network's order. */
const layerSizes = (
  networks: SimpleVae.SimpleVaeNetworks,
  image: { height: number; width: number; channels: number }
) =>
  Effect.gen(function* () {
    const autoencoder = yield* (yield* Model).build(image)
    const sizes = new Map<string, number>()
    for (const [name, { shape }] of Object.entries(autoencoder.parameters)) {
      const layer = name.slice(0, name.lastIndexOf("/"))
      sizes.set(layer, (sizes.get(layer) ?? 0) + sizeOf(shape))
    }
    return [...sizes.entries()]
  }).pipe(
    Effect.provide(
      Layer.fresh(
        SequentialVae.layer({ ...networks, latent: 2, posterior: FixedDeviationGaussian({ deviation: 0.5 }) })
      )
    )
  )

describe("SimpleVAE's networks", () => {
  // The layers' parameter counts as the notebook prints them (Keras `model.summary()`).
  it.effect("have the notebook's number of parameters per layer for digits", () =>
    Effect.gen(function* () {
      const sizes = yield* layerSizes(SimpleVae.digits, { height: 28, width: 28, channels: 1 })
      assert.deepStrictEqual(
        sizes.filter(([name]) => name.startsWith("encoder/")).map(([, size]) => size),
        [80, 584, 1168, 2320, 25_096, 18]
      )
    })
  )
  it.effect("build for faces", () =>
    Effect.gen(function* () {
      const sizes = yield* layerSizes(SimpleVae.faces, { height: 128, width: 128, channels: 3 })
      assert.deepStrictEqual(
        sizes.filter(([name]) => name.startsWith("encoder/")).map(([, size]) => size),
        [448, 2320, 2320, 2320, 4640, 9248, 9248, 9248, 262_176, 66]
      )
    })
  )
})
