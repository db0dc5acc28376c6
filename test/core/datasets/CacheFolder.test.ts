import { NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { DataDirectories } from "../../../src/core/Dataset.ts"
import { cacheFolder, offline } from "../../../src/core/datasets/CacheFolder.ts"

const within = (environment: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromUnknown(environment))

const folder = (environment: Record<string, string>) =>
  cacheFolder.pipe(Effect.provide(within(environment)), Effect.provide(NodePath.layer))

describe("cacheFolder", () => {
  it.effect("follows the XDG specification", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* folder({ XDG_CACHE_HOME: "/caches", HOME: "/home/me" }), "/caches/effect-vae")
      assert.strictEqual(yield* folder({ XDG_CACHE_HOME: "caches", HOME: "/home/me" }), "/home/me/.cache/effect-vae")
      assert.strictEqual(yield* folder({ XDG_CACHE_HOME: "", HOME: "/home/me" }), "/home/me/.cache/effect-vae")
      assert.strictEqual(yield* folder({ USERPROFILE: "/users/me" }), "/users/me/.cache/effect-vae")
      assert.isUndefined(yield* folder({}))
    })
  )

  it.effect("prefers the given folder", () =>
    Effect.gen(function* () {
      const given = { dataDirectory: undefined, cacheDirectory: "/given" }
      const found = folder({ XDG_CACHE_HOME: "/caches" }).pipe(Effect.provideService(DataDirectories, given))
      assert.strictEqual(yield* found, "/given")
    })
  )
})

describe("offline", () => {
  it.effect("reads VAE_OFFLINE", () =>
    Effect.gen(function* () {
      const read = (environment: Record<string, string>) => offline.pipe(Effect.provide(within(environment)))
      assert.isFalse(yield* read({}))
      assert.isTrue(yield* read({ VAE_OFFLINE: "1" }))
      assert.isTrue(yield* read({ VAE_OFFLINE: "true" }))
      assert.isFalse(yield* read({ VAE_OFFLINE: "0" }))
      assert.strictEqual((yield* Effect.flip(read({ VAE_OFFLINE: "perhaps" })))._tag, "ConfigError")
    })
  )
})
