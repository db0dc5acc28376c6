/**
 * The loss and its terms with the posterior's mean as the code: what a source reports that adds noise in training only.
 */
import { Effect } from "effect"
import { divergenceNames } from "../Divergence.ts"
import type { Evaluator } from "../Evaluation.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { mean } from "./Mean.ts"

/**
 * `test/loss-at-mean`, `test/reconstruction-at-mean` and so on: means over the test images. They bound no likelihood, as
 * the KL divergence is paid for a code that is not drawn.
 */
export const TermsAtMean = (): Evaluator => ({
  spec: { _tag: "TermsAtMean" },
  needs: [],
  run: Effect.gen(function* () {
    const { terms } = yield* TrainedModel
    const found = yield* terms("test", "mean")
    return {
      // The divergence belongs to the distribution and not to one code.
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
