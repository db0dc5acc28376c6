import { defineConfig } from "vitest/config"

const json = process.env["VITEST_JSON"]

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Far above what any test takes: a busy machine must not fail one. See test/LongTests.ts for those that take long.
    testTimeout: process.env["VAE_LONG_TESTS"] === "1" ? 7_200_000 : 180_000,
    // .ci/run counts from the JSON report.
    reporters: json === undefined ? ["default"] : ["default", ["json", { outputFile: json }]]
  }
})
