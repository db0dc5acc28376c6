/**
 * Whether a device is plainly not there, found out by a look into `/dev`: looking for a plugin, and loading it, takes longer.
 */
import { Effect, FileSystem } from "effect"
import type { Device } from "./Platform.ts"

/** Files under `/dev` that a driver makes; Windows' Linux has `dxg`. */
const files: Readonly<Record<Exclude<Device, "cpu">, RegExp>> = {
  cuda: /^(nvidia\d+|dxg)$/,
  rocm: /^kfd$/,
  tpu: /^(accel\d*|vfio)$/
}

/** Why there is no such device, in words; nothing where there may be one. */
export const absence = Effect.fnUntraced(function* (device: Device, folder: string = "/dev") {
  if (device === "cpu") return undefined
  if (process.platform !== "linux") return `XLA's plugins for accelerators are for Linux, this is ${process.platform}`
  const fs = yield* FileSystem.FileSystem
  const names = yield* Effect.orElseSucceed(fs.readDirectory(folder), (): Array<string> => [])
  return names.some((name) => files[device].test(name)) ? undefined : "there is no such accelerator here"
})
