import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Path } from "effect"
import { absence } from "../../../../src/core/engines/xla/Hardware.ts"
import { find, setupFolder } from "../../../../src/core/engines/xla/Plugin.ts"

/** An environment with an own cache folder, and with what is given. */
const withEnvironment = (environment: Readonly<Record<string, string>>) =>
  Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment)))

describe("The XLA plugin for a device", () => {
  it.live("is the one that the variable names, which must be there", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.makeTempFileScoped()
      const named = (list: string) => withEnvironment({ PJRT_NAMES_AND_LIBRARY_PATHS: list })
      assert.strictEqual(yield* named(`cpu:/other.so,cuda:${file}`)(find("cuda")), file)
      const error = yield* Effect.flip(named("rocm:/nowhere/plugin.so")(find("rocm")))
      assert.include(error.message, "/nowhere/plugin.so")
    }).pipe(Effect.provide(NodeServices.layer), Effect.scoped)
  )

  it.live("is the newest of those that the setup has installed", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const caches = yield* fs.makeTempDirectoryScoped()
      const inCaches = withEnvironment({ XDG_CACHE_HOME: caches })
      const folder = yield* inCaches(setupFolder)
      assert.strictEqual(folder, path.join(caches, "effect-vae", "xla"))
      const files = ["xla_cuda9", "xla_cuda13", "xla_cuda12"].map((name) =>
        path.join(folder!, "jax_plugins", name, "xla_cuda_plugin.so")
      )
      for (const file of files) {
        yield* fs.makeDirectory(path.dirname(file), { recursive: true })
        yield* fs.writeFileString(file, "")
      }
      assert.strictEqual(yield* inCaches(find("cuda")), files[1])
    }).pipe(Effect.provide(NodeServices.layer), Effect.scoped)
  )
})

describe("An accelerator", () => {
  it.live("may be there if the driver has made its device file", () =>
    Effect.gen(function* () {
      if (process.platform !== "linux") return
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      assert.include(yield* absence("cuda", folder), "no such accelerator")
      yield* fs.writeFileString(`${folder}/nvidia0`, "")
      assert.isUndefined(yield* absence("cuda", folder))
      assert.isDefined(yield* absence("rocm", folder))
      yield* fs.writeFileString(`${folder}/kfd`, "")
      assert.isUndefined(yield* absence("rocm", folder))
      assert.isUndefined(yield* absence("cpu", folder))
    }).pipe(Effect.provide(NodeServices.layer), Effect.scoped)
  )
})
