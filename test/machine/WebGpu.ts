import { Result } from "effect"
import * as Capability from "./Capability.ts"

/** See vitest.config.ts. */
const isHardware = process.env["VAE_GPU_TESTS"] === "1"
const isSoftware = !isHardware && process.env["VK_ICD_FILENAMES"] !== undefined

/** A device for WebGPU: the machine's own, or one computed by Chromium's Vulkan driver on the CPU. */
export const webGpu: Capability.Capability<"hardware" | "software"> = Capability.make(
  {
    name: "WebGPU",
    remedy: "apt-get install --no-install-recommends chromium, or VAE_GPU_TESTS=1 with a GPU"
  },
  isHardware || isSoftware
    ? Result.succeed(isHardware ? "hardware" : "software")
    : Result.fail("no Vulkan driver in /usr/lib/chromium")
)

/** A device for WebGPU that computes on the CPU. */
export const softwareWebGpu: Capability.Capability<void> = Capability.make(
  { name: "WebGPU on the CPU", remedy: "run the tests without VAE_GPU_TESTS=1 where chromium is installed" },
  isSoftware ? Result.succeed(undefined) : Result.fail("Chromium's Vulkan driver is not used")
)
