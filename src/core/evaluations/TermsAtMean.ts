/**
 * The loss and its terms with the posterior mean as the code, for comparison with sources that add noise only in
 * training.
 */
import { Effect } from "effect"
import { divergenceNames } from "../Divergence.ts"
import type { Evaluator } from "../Evaluation.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { mean } from "./Mean.ts"

/**
 * `test/loss-at-mean`, `test/reconstruction-at-mean` and so on: means over the test images. They are not a bound of the
 * likelihood, because the code is not sampled from the posterior.
 */
export const TermsAtMean = (): Evaluator => ({
  spec: { _tag: "TermsAtMean" },
  needs: [],
  run: Effect.gen(function* () {
    const { terms } = yield* TrainedModel
    const found = yield* terms("test", "mean")
    return {
      // The divergence is a property of the distribution, not of one code.
      metrics: Object.fromEntries(
        Object.entries(found).flatMap(([name, values]) =>
          divergenceNames.some((divergence) => divergence === name)
            ? []
            : [[`test/${name}-at-mean`, mean(values)] as const]
        )
      ),
      figures: []
    }
  })
})
