import { existsSync } from "node:fs"
import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

/** Lists what this machine could not test. */
const skippedTests = "./test/machine/SkippedTests.ts"

const json = process.env["VITEST_JSON"]

/** What is tested on a GPU. */
const onGpu = "test/**/*.gpu.test.ts"

/** Tests that load libraries as large as libtensorflow or XLA, which share a process with no other. */
const onLibraries = ["test/core/engines/{TensorFlow,Xla}.test.ts", "test/core/engines/xla/*.test.ts"]

/**
 * Debian's chromium brings a Vulkan driver that computes on the CPU. Where libraries are looked for must be known when a
 * process starts. With VAE_GPU_TESTS=1 the tests use the machine's own drivers.
 */
const chromium = "/usr/lib/chromium"
const software = {
  LD_LIBRARY_PATH: chromium,
  VK_ICD_FILENAMES: `${chromium}/vk_swiftshader_icd.json`,
  VK_DRIVER_FILES: `${chromium}/vk_swiftshader_icd.json`
}
const usesSoftware = process.env["VAE_GPU_TESTS"] !== "1" && existsSync(software.VK_ICD_FILENAMES)

export default defineConfig({
  test: {
    // Far above what any test takes: a busy machine must not fail one. See test/LongTests.ts for those that take long.
    testTimeout: process.env["VAE_LONG_TESTS"] === "1" ? 7_200_000 : 180_000,
    hookTimeout: 180_000,
    // .ci/run counts from the JSON report.
    reporters:
      json === undefined ? ["default", skippedTests] : ["default", skippedTests, ["json", { outputFile: json }]],
    // One more than cores: there are always suites that only wait, for processes that they started.
    maxWorkers: availableParallelism() + 1,
    pool: "forks",
    projects: [
      // Files share a worker's modules: to load Effect and TensorFlow.js takes longer than most files' tests.
      {
        extends: true,
        test: { name: "all", include: ["test/**/*.test.ts"], exclude: [onGpu, ...onLibraries], isolate: false }
      },
      // A file has a process of its own: a driver's fault ends no other test.
      { extends: true, test: { name: "libraries", include: onLibraries } },
      { extends: true, test: { name: "gpu", include: [onGpu], env: usesSoftware ? software : {} } }
    ]
  }
})
