/**
 * The KL divergence of a diagonal Gaussian posterior from the standard normal distribution, per latent dimension. A
 * dimension at 0 nats is inactive.
 *
 * Source: Kingma and Welling 2013, appendix B, https://arxiv.org/abs/1312.6114
 */
import { Effect } from "effect"
import type { Evaluator } from "../Evaluation.ts"
import { lineChart } from "../figures/LineChart.ts"
import { ContinuousLatent } from "../Model.ts"
import { type Codes, TrainedModel } from "../TrainedModel.ts"

/**
 * `½ (mean² + deviation² - 1 - log deviation²)` of each dimension, in nats, averaged over the codes `[count, latent]`.
 */
export const klPerDimension = ({ deviation, mean }: Codes, latent: number): ReadonlyArray<number> => {
  const sums = Array.from({ length: latent }, () => 0)
  for (let index = 0; index < mean.length; index++) {
    const variance = deviation[index]! ** 2
    sums[index % latent]! += 0.5 * (mean[index]! ** 2 + variance - 1 - Math.log(variance))
  }
  return sums.map((sum) => sum / (mean.length / latent))
}

/**
 * A figure `kl-per-dimension`, sorted by divergence. No figure for deterministic codes, whose divergence is infinite.
 */
export const KlPerDimension = (): Evaluator<ContinuousLatent> => ({
  spec: { _tag: "KlPerDimension" },
  needs: [ContinuousLatent],
  run: Effect.gen(function* () {
    const { data, datasetName, encode, latent } = yield* TrainedModel
    const codes = yield* encode(
      "test",
      Int32Array.from({ length: data.test.count }, (_, index) => index)
    )
    const falling = klPerDimension(codes, latent).toSorted((left, right) => right - left)
    if (!falling.every(Number.isFinite)) return { metrics: {}, figures: [] }
    const total = falling.reduce((sum, value) => sum + value, 0)
    const carrying = falling.filter((value) => value > 0.01).length
    const figure = lineChart({
      name: "kl-per-dimension",
      title: `${datasetName}: KL divergence of each latent dimension`,
      caption:
        `Means over the ${data.test.count} test images of ${datasetName}, the dimensions in descending order. ` +
        `${carrying} of ${latent} dimensions carry more than 0.01 nats; together they carry ${total.toFixed(2)} nats.`,
      x: "latent dimension, in descending order",
      legend: "images",
      panels: [
        {
          title: "KL divergence (nats per image)",
          series: [{ label: "test", points: falling.map((value, index) => [index + 1, value] as const) }]
        }
      ]
    })
    return { metrics: {}, figures: [figure] }
  })
})
