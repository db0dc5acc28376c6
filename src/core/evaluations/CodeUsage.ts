/**
 * Which categories discrete codes use, and how evenly.
 *
 * Source: van den Oord et al. 2017, https://arxiv.org/abs/1711.00937
 */
import { Effect } from "effect"
import { EvaluationError, type Evaluator } from "../Evaluation.ts"
import { lineChart } from "../figures/LineChart.ts"
import { DiscreteLatent } from "../Model.ts"
import { TrainedModel } from "../TrainedModel.ts"
import { mean } from "./Mean.ts"

const evaluation = "CodeUsage"

/**
 * The shares of the categories, in falling order, for each variable, or over all variables together where they share the
 * categories; `choices` `[count, variables]`.
 */
export const shares = (
  choices: ArrayLike<number>,
  { categories, shared, variables }: DiscreteLatent["Service"]
): ReadonlyArray<ReadonlyArray<number>> => {
  const counts = Array.from({ length: shared ? 1 : variables }, () => Array<number>(categories).fill(0))
  for (let index = 0; index < choices.length; index++) counts[shared ? 0 : index % variables]![choices[index]!]! += 1
  const total = choices.length / counts.length
  return counts.map((row) => row.map((count) => count / total).toSorted((a, b) => b - a))
}

/** `exp(-Σ p log p)`: the number of equally frequent categories with the same entropy. */
export const perplexity = (probabilities: ReadonlyArray<number>): number =>
  Math.exp(-probabilities.reduce((sum, p) => (p === 0 ? sum : sum + p * Math.log(p)), 0))

/**
 * `test/perplexity`, in categories, and `test/codes-in-use`, the number of categories that some test image's most probable
 * code has, each the mean over the variables; of a shared codebook over all its uses. A figure `code-usage` with the
 * share of each category.
 */
export const CodeUsage = (): Evaluator<DiscreteLatent> => ({
  spec: { _tag: evaluation },
  needs: [DiscreteLatent],
  run: Effect.gen(function* () {
    const latent = yield* DiscreteLatent
    const { categories, shared, variables } = latent
    const { data, datasetName, encode } = yield* TrainedModel
    const { count } = data.test
    const { choices } = yield* encode(
      "test",
      Int32Array.from({ length: count }, (_, index) => index)
    )
    if (choices === undefined || count === 0) {
      const reason = count === 0 ? "there are no test images" : "the model gives no choices"
      return yield* new EvaluationError({ evaluation, reason })
    }
    const byVariable = shares(choices, latent)
    const average = mean(byVariable.map(perplexity))
    const inUse = mean(byVariable.map((row) => row.filter((share) => share > 0).length))
    const of = shared
      ? `one codebook of ${categories} entries, for ${variables} variable${variables === 1 ? "" : "s"} per image`
      : `${variables} variable${variables === 1 ? "" : "s"} of ${categories} categories`
    const points = (values: ReadonlyArray<number>) => values.map((value, index) => [index + 1, 100 * value] as const)
    return {
      metrics: { "test/perplexity": average, "test/codes-in-use": inUse },
      figures: [
        lineChart({
          name: "code-usage",
          title: `${datasetName}: how often each category is chosen`,
          caption:
            `The most probable codes of ${count} test images of ${datasetName}: ${of}. The categories are in falling order` +
            `${shared || variables === 1 ? "" : ", variable by variable, and the shares are means over the variables"}. ` +
            `${inUse.toFixed(1)} of ${categories} are in use; the perplexity is ${average.toFixed(1)}.`,
          x: "category, in falling order",
          legend: "codes",
          panels: [
            {
              title: "share of the choices (%)",
              series: [
                {
                  label: "test images",
                  points: points(
                    Array.from({ length: categories }, (_, place) => mean(byVariable.map((row) => row[place]!)))
                  )
                },
                { label: "even use", points: points(Array<number>(categories).fill(1 / categories)) }
              ]
            }
          ]
        })
      ]
    }
  })
})
