import { assert, describe, it } from "@effect/vitest"
import { isManaged } from "../../../src/pipelines/store/ManagedFiles.ts"

const file = (path: string) => ({ path, type: "File" as const, bytes: 1 })

describe("ManagedFiles", () => {
  it("recognises the files of runs and experiments", () => {
    const inRun = [
      "manifest.json",
      "metrics.ndjson",
      "run.log",
      "checkpoints/step-0000000012.safetensors",
      "checkpoints/best.safetensors",
      "snapshots/epoch-0003.safetensors",
      "evaluations/0123456789ab.json",
      "figures/latent-scatter.vl.json",
      "figures/captions.md",
      "model/encoder.onnx",
      "checkpoints/.step-0000000012.safetensors.0123456789ab.tmp"
    ]
    for (const path of inRun) assert.isTrue(isManaged("run")(file(path)), path)
    for (const path of [
      "summary.json",
      "summary.csv",
      "summary.md",
      "report.html",
      "report/runtime.js",
      "report/model-0123456789ab-decoder.js",
      "figures/curves.png",
      ".summary.md.0123456789ab.tmp"
    ]) {
      assert.isTrue(isManaged("experiment")(file(path)), path)
    }
    assert.isTrue(isManaged("run")({ path: "checkpoints", type: "Directory", bytes: 0 }))
    assert.isTrue(isManaged("experiment")({ path: "report", type: "Directory", bytes: 0 }))
  })

  it("recognises nothing else, not even links with valid names", () => {
    const others = [
      "notes.md",
      "checkpoints/step-12.safetensors",
      "checkpoints/deeper/best.safetensors",
      "evaluations/results.json",
      "figures/holiday.jpg",
      "figures/.hidden.png",
      "manifest.json.bak",
      "other/manifest.json",
      "summary.csv"
    ]
    for (const path of others) assert.isFalse(isManaged("run")(file(path)), path)
    for (const path of ["manifest.json", "0123456789ab/manifest.json"])
      assert.isFalse(isManaged("experiment")(file(path)), path)
    assert.isFalse(isManaged("run")({ path: "manifest.json", type: "SymbolicLink", bytes: 0 }))
    assert.isFalse(isManaged("run")({ path: "mine", type: "Directory", bytes: 0 }))
  })
})
