import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Experiment, Parameter } from "../../../src/index.ts"
import { plan, type PlannedRun } from "../../../src/pipelines/plan/Plan.ts"
import { quickVersion } from "../../../src/pipelines/plan/Quick.ts"
import { commandText, parameterTexts, quoted } from "../../../src/pipelines/report/CommandText.ts"
import { experiment, platform } from "../Sandbox.ts"

const commandOf = (swept: Experiment.Experiment<any>, run: PlannedRun) =>
  Effect.map(parameterTexts(swept, run), (parameters) => commandText("pnpm run exp", run, parameters))

describe("CommandText", () => {
  it.effect("names every parameter and the seed", () =>
    Effect.gen(function* () {
      const swept = experiment().pipe(Experiment.seeds(3))
      const [, second] = yield* plan(swept, ({ locate }) => locate)
      assert.strictEqual(
        yield* commandOf(swept, second!),
        "pnpm run exp small --beta 4 --epochs 3 --learning-rate 0.01 --seed 3"
      )
    }).pipe(Effect.provide(platform))
  )

  it.effect("asks for the quick version of an experiment by its flag", () =>
    Effect.gen(function* () {
      const swept = quickVersion(experiment())
      const [first] = yield* plan(swept, ({ locate }) => locate)
      assert.include(yield* commandOf(swept, first!), "exp small --quick --beta 0 ")
    }).pipe(Effect.provide(platform))
  )

  it.effect("writes values as the command line reads them", () =>
    Effect.gen(function* () {
      const widths = Parameter.Widths({ default: [512, 256], description: "units" })
      const declared = { parameters: { widths } } as unknown as Experiment.Experiment<any>
      const texts = (value: ReadonlyArray<number>) =>
        parameterTexts(declared, { parameters: { widths: value } } as unknown as PlannedRun)
      assert.deepStrictEqual(yield* texts([512, 256]), { widths: "512-256" })
      assert.deepStrictEqual(yield* texts([]), { widths: "none" })
    })
  )

  it("quotes what a shell would take for more than a word", () => {
    assert.strictEqual(quoted("512-256"), "512-256")
    assert.strictEqual(quoted("a b"), "'a b'")
    assert.strictEqual(quoted("$(rm -r ~); 'x'"), String.raw`'$(rm -r ~); '\''x'\'''`)
    assert.strictEqual(quoted(""), "''")
  })
})
