import { defineConfig } from "vitest/config"

const json = process.env["VITEST_JSON"]

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // .ci/run counts from the JSON report.
    reporters: json === undefined ? ["default"] : ["default", ["json", { outputFile: json }]]
  }
})
