/**
 * The contract of models as tests: `modelContract("Mine", Mine.layer({ latent: 2 }))`.
 */
import { layer as withLayer } from "@effect/vitest"
import type { Layer } from "effect"
import type { ImageShape } from "../core/Dataset.ts"
import type { Model, ModelError } from "../core/Model.ts"
import { distributionTests } from "./models/ModelDistributions.ts"
import { structureTests } from "./models/ModelStructure.ts"

export interface ModelContractOptions {
  /** Image shapes that the model must accept; small ones keep the tests fast. */
  readonly shapes?: ReadonlyArray<ImageShape>
}

/** Registers the contract's tests. */
export const modelContract = (
  name: string,
  layer: Layer.Layer<Model, ModelError>,
  options: ModelContractOptions = {}
): void => {
  const {
    shapes = [
      { height: 4, width: 4, channels: 1 },
      { height: 4, width: 8, channels: 3 }
    ]
  } = options

  withLayer(layer)(`${name}, a model`, (it) => {
    structureTests(it, shapes)
    distributionTests(it, shapes)
  })
}
