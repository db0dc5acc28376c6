/**
 * Selects the wheel for this machine by its devices and NVIDIA's driver.
 */
import { Effect, FileSystem } from "effect"
import { absence } from "../src/core/engines/xla/Hardware.ts"
import type { WheelName } from "./Wheels.ts"

/** The oldest driver for CUDA 13. Source: https://docs.nvidia.com/cuda/cuda-toolkit-release-notes */
const cuda13Driver = 580

/** The major version of NVIDIA's driver in the content of `/proc/driver/nvidia/version`. */
export const driverVersion = (text: string): number | undefined => {
  const found = /(?:Kernel Module|x86_64)\s+(\d+)\.\d/.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** The wheel for the first available accelerator, or else for the CPU. */
export const fitting: Effect.Effect<WheelName, never, FileSystem.FileSystem> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  if ((yield* absence("cuda")) === undefined) {
    const text = yield* Effect.orElseSucceed(fs.readFileString("/proc/driver/nvidia/version"), () => "")
    return (driverVersion(text) ?? 0) >= cuda13Driver ? "cuda13" : "cuda12"
  }
  if ((yield* absence("rocm")) === undefined) return "rocm"
  return (yield* absence("tpu")) === undefined ? "tpu" : "cpu"
})
