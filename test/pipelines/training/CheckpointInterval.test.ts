import { assert, describe, it } from "@effect/vitest"
import { parse, defaultInterval } from "../../../src/pipelines/training/CheckpointInterval.ts"

describe("CheckpointInterval", () => {
  it("parses epochs and times", () => {
    assert.deepStrictEqual(["1epoch", "5epochs", " 12 epochs ", "90s", "0.5s", "5m", "2.5m", "1h"].map(parse), [
      { epochs: 1 },
      { epochs: 5 },
      { epochs: 12 },
      { seconds: 90 },
      { seconds: 0.5 },
      { seconds: 300 },
      { seconds: 150 },
      { seconds: 3600 }
    ])
    assert.deepStrictEqual(parse("30s"), defaultInterval)
  })

  it("refuses everything else", () => {
    for (const text of [
      "",
      "5",
      "epochs",
      "0epochs",
      "1.5epochs",
      "0s",
      "-1s",
      "1e9s",
      "5 minutes",
      "1d",
      "Infinitys",
      "5epochs,5m"
    ]) {
      assert.isUndefined(parse(text), text)
    }
  })
})
