/**
 * Whether a device is plainly not there, found out by a look into a few folders: loading a driver takes a second, and a
 * bad one takes the process with it.
 */
import { Effect, FileSystem } from "effect"
import { folder } from "./Library.ts"
import type { Device } from "./Session.ts"

/** Where it is looked. */
export interface Machine {
  readonly platform: string
  readonly arch: string
  /** The root folder, which ends in no slash. */
  readonly root: string
  /** Folders in which libraries are looked for first, with colons between them. */
  readonly libraryPath: string
  /** Where onnxruntime's libraries for this machine are; undefined where `onnxruntime-node` is not installed. */
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

/** Graphics devices under /dev. NVIDIA's and Windows' own stand there beside the folder of the others. */
const graphicsDevices = Effect.fnUntraced(function* ({ root }: Machine) {
  const names = yield* entries(`${root}/dev`)
  const rendering = (yield* entries(`${root}/dev/dri`)).filter((name) => name.startsWith("renderD"))
  return [...names.filter((name) => /^nvidia\d+$|^dxg$/.test(name)), ...rendering]
})

/** Whether the system's loader of libraries would find Vulkan's. */
const hasVulkan = Effect.fnUntraced(function* ({ libraryPath, root }: Machine) {
  const fs = yield* FileSystem.FileSystem
  const library = "libvulkan.so.1"
  const folders = [...libraryPath.split(":").filter((folder) => folder !== ""), `${root}/usr/lib`, `${root}/usr/lib64`]
  for (const folder of folders) {
    if (yield* Effect.orElseSucceed(fs.exists(`${folder}/${library}`), () => false)) return true
  }
  // A list of all libraries in the system's folders, whose names are plain text in it.
  const cache = yield* Effect.orElseSucceed(fs.readFile(`${root}/etc/ld.so.cache`), () => new Uint8Array())
  return Buffer.from(cache).includes(library)
})

const noGraphics = "there is no graphics device here"

/** Why there is no such device, in words; nothing where there may be one, be it one of software. */
export const absence = Effect.fnUntraced(function* (device: Device, machine: Machine = thisMachine()) {
  const { arch, onnxruntime, platform } = machine
  if (device !== "cpu" && onnxruntime === undefined) {
    return "the package onnxruntime-node is not installed (npm install onnxruntime-node@1.30.0)"
  }
  if (device === "webgpu") {
    return platform === "linux" && !(yield* hasVulkan(machine))
      ? "there is no Vulkan loader here (libvulkan.so.1)"
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

/** Why there is no such device made of hardware, in words. */
export const hardwareAbsence = Effect.fnUntraced(function* (device: Device, machine: Machine = thisMachine()) {
  const isOpen = device === "cpu" || machine.platform !== "linux" || (yield* graphicsDevices(machine)).length > 0
  return isOpen ? yield* absence(device, machine) : noGraphics
})
