/** What the datasets that cannot be downloaded have in common, and a way to load a dataset from a data directory. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer } from "effect"
import { DataDirectories, Dataset } from "../../../src/core/Dataset.ts"

const platform = Layer.mergeAll(
  NodeServices.layer,
  NodeHttpClient.layerUndici,
  ConfigProvider.layer(ConfigProvider.fromUnknown({ HOME: "/nowhere" }))
)

/** Spec, place and examples of a dataset under this data directory. */
export const loadFrom = (
  dataDirectory: string | undefined,
  layer: Layer.Layer<Dataset>,
  cacheDirectory: string | undefined = undefined
) =>
  Effect.gen(function* () {
    const { load, locate, spec } = yield* Dataset
    const located = yield* locate
    return { spec, located, ...(yield* load(located)) }
  }).pipe(
    Effect.provide(layer, { local: true }),
    Effect.provideService(DataDirectories, { dataDirectory, cacheDirectory }),
    Effect.provide(platform)
  )

/** Without data the dataset says which folder and files it wants; an incomplete or wrong folder is named. */
export const needsItsFiles = (
  name: string,
  layer: () => Layer.Layer<Dataset>,
  folder: string,
  files: ReadonlyArray<string>
): void => {
  describe(`${name} without its files`, () => {
    it.live("says what to give, and looks nowhere else", () =>
      Effect.gen(function* () {
        const dataset = yield* Dataset
        for (const effect of [dataset.peek, dataset.locate]) {
          const { message } = yield* Effect.flip(effect)
          for (const text of [dataset.name, "--data-dir", `${folder}/`, "no public download", ...files]) {
            assert.include(message, text)
          }
        }
      }).pipe(Effect.provide(layer(), { local: true }), Effect.provide(platform))
    )

    it.live("names a file that the data directory lacks, or that is something else", () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const root = yield* fs.makeTempDirectoryScoped()
        yield* fs.makeDirectory(`${root}/${folder}`)
        for (const file of files) {
          const { message } = yield* Effect.flip(loadFrom(root, layer()))
          assert.include(message, "is missing")
          yield* fs.writeFileString(`${root}/${folder}/${file}`, "not images")
        }
        const { message } = yield* Effect.flip(loadFrom(root, layer()))
        assert.include(message, "expected SHA-256")
        assert.isTrue(files.some((file) => message.includes(`${root}/${folder}/${file}`)))
      }).pipe(Effect.provide(NodeServices.layer))
    )
  })
}
