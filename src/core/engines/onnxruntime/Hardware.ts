/**
 * Detects missing devices by looking into a few folders, because loading a driver takes a second and a bad driver can
 * crash the process.
 */
import { Effect, FileSystem } from "effect"
import { folder } from "./Library.ts"
import type { Device } from "./Session.ts"

/** The machine to examine. */
export interface Machine {
  readonly platform: string
  readonly arch: string
  /** The root folder, without a trailing slash. */
  readonly root: string
  /** Library search path: folders separated by colons. */
  readonly libraryPath: string
  /** Folder of onnxruntime's libraries; undefined if `onnxruntime-node` is not installed. */
  readonly onnxruntime: string | undefined
}

export const thisMachine = (): Machine => {
  const { arch, platform } = process
  return {
    platform,
    arch,
    root: "",
    libraryPath: process.env["LD_LIBRARY_PATH"] ?? "",
    onnxruntime: folder === undefined ? undefined : `${folder}/bin/napi-v6/${platform}/${arch}`
  }
}

const entries = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(fs.readDirectory(folder), (): Array<string> => [])
})

/** Graphics devices in /dev: render nodes, NVIDIA's devices, and WSL's. */
const graphicsDevices = Effect.fnUntraced(function* ({ root }: Machine) {
  const names = yield* entries(`${root}/dev`)
  const rendering = (yield* entries(`${root}/dev/dri`)).filter((name) => name.startsWith("renderD"))
  return [...names.filter((name) => /^nvidia\d+$|^dxg$/.test(name)), ...rendering]
})

/** Whether the dynamic linker would find the Vulkan loader. */
const hasVulkan = Effect.fnUntraced(function* ({ libraryPath, root }: Machine) {
  const fs = yield* FileSystem.FileSystem
  const library = "libvulkan.so.1"
  const folders = [...libraryPath.split(":").filter((folder) => folder !== ""), `${root}/usr/lib`, `${root}/usr/lib64`]
  for (const folder of folders) {
    if (yield* Effect.orElseSucceed(fs.exists(`${folder}/${library}`), () => false)) return true
  }
  // The dynamic linker's cache contains the names of all system libraries as plain text.
  const cache = yield* Effect.orElseSucceed(fs.readFile(`${root}/etc/ld.so.cache`), () => new Uint8Array())
  return Buffer.from(cache).includes(library)
})

const noGraphics = "this machine has no graphics device"

/** Why the device is missing; undefined if it may exist, possibly in software. */
export const absence = Effect.fnUntraced(function* (device: Device, machine: Machine = thisMachine()) {
  const { arch, onnxruntime, platform } = machine
  if (device !== "cpu" && onnxruntime === undefined) {
    return "the package onnxruntime-node is not installed (npm install onnxruntime-node@1.30.0)"
  }
  if (device === "webgpu") {
    return platform === "linux" && !(yield* hasVulkan(machine))
      ? "the Vulkan loader is not installed (libvulkan.so.1)"
      : undefined
  }
  if (device === "cuda") {
    if (platform !== "linux" || arch !== "x64") return `onnxruntime has no CUDA provider for ${platform} on ${arch}`
    if (!(yield* entries(onnxruntime!)).includes("libonnxruntime_providers_cuda.so")) {
      return "onnxruntime's CUDA provider is not installed"
    }
    return (yield* graphicsDevices(machine)).length === 0 ? noGraphics : undefined
  }
  return undefined
})

/** Why there is no hardware device; undefined if there may be one. */
export const hardwareAbsence = Effect.fnUntraced(function* (device: Device, machine: Machine = thisMachine()) {
  const isOpen = device === "cpu" || machine.platform !== "linux" || (yield* graphicsDevices(machine)).length > 0
  return isOpen ? yield* absence(device, machine) : noGraphics
})
