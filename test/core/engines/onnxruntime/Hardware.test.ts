import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import {
  absence,
  hardwareAbsence,
  type Machine,
  thisMachine
} from "../../../../src/core/engines/onnxruntime/Hardware.ts"

/** A machine whose root folder has these files. */
const machine = Effect.fnUntraced(function* (files: ReadonlyArray<string>, options: Partial<Machine> = {}) {
  const fs = yield* FileSystem.FileSystem
  const root = yield* fs.makeTempDirectoryScoped()
  for (const file of files) {
    const path = `${root}/${file}`
    yield* fs.makeDirectory(path.slice(0, path.lastIndexOf("/")), { recursive: true })
    yield* fs.writeFileString(path, "\0libvulkan.so.1\0")
  }
  const made: Machine = {
    platform: "linux",
    arch: "x64",
    root,
    libraryPath: "",
    onnxruntime: `${root}/onnxruntime`,
    ...options
  }
  return made
})

describe("a missing device", () => {
  it.effect("is detected by a missing Vulkan loader", () =>
    Effect.gen(function* () {
      const without = yield* machine([])
      assert.include(yield* absence("webgpu", without), "libvulkan.so.1")
      for (const file of ["usr/lib/libvulkan.so.1", "etc/ld.so.cache"]) {
        assert.isUndefined(yield* absence("webgpu", yield* machine([file])))
      }
      const elsewhere = yield* machine(["other/libvulkan.so.1"])
      assert.isUndefined(yield* absence("webgpu", { ...elsewhere, libraryPath: `/nowhere:${elsewhere.root}/other` }))
      assert.isUndefined(yield* absence("webgpu", { ...without, platform: "darwin" }))
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is detected by a missing graphics device", () =>
    Effect.gen(function* () {
      const cache = "etc/ld.so.cache"
      for (const devices of [[], ["dev/dri/card0"], ["dev/nvidiactl"]]) {
        const reason = yield* hardwareAbsence("webgpu", yield* machine([cache, ...devices]))
        assert.include(reason, "no graphics device", devices.join())
      }
      for (const device of ["dev/dri/renderD128", "dev/nvidia0", "dev/dxg"]) {
        assert.isUndefined(yield* hardwareAbsence("webgpu", yield* machine([cache, device])), device)
        assert.include(yield* hardwareAbsence("webgpu", yield* machine([device])), "libvulkan")
      }
      assert.isUndefined(yield* hardwareAbsence("webgpu", yield* machine([], { platform: "win32" })))
      assert.isUndefined(yield* hardwareAbsence("cpu", yield* machine([])))
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is detected by a missing CUDA provider", () =>
    Effect.gen(function* () {
      const provider = "onnxruntime/libonnxruntime_providers_cuda.so"
      assert.include(yield* absence("cuda", yield* machine(["dev/nvidia0"])), "not installed")
      assert.include(yield* absence("cuda", yield* machine([provider])), "no graphics device")
      assert.isUndefined(yield* absence("cuda", yield* machine([provider, "dev/nvidia0"])))
      assert.include(yield* absence("cuda", yield* machine([], { platform: "win32" })), "win32")
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is every device except the CPU without onnxruntime-node", () =>
    Effect.gen(function* () {
      const bare = yield* machine(["dev/nvidia0"], { onnxruntime: undefined })
      for (const device of ["cuda", "webgpu"] as const) assert.include(yield* absence(device, bare), "npm install")
      assert.isUndefined(yield* absence("cpu", bare))
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("is not reported if onnxruntime's library exists", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      assert.include(yield* fs.readDirectory(thisMachine().onnxruntime!), "onnxruntime_binding.node")
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
