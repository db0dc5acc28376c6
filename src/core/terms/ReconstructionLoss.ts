/**
 * `-log p(x | z)`, the sum or the mean over the pixels.
 *
 * With `BernoulliLogits` this is the binary cross-entropy: the sum in implementations after Kingma and Welling, the
 * mean over the pixels in the annotated PyTorch example.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type LossTerm, pixelCount } from "../LossTerm.ts"
import { type Reduction, reductionProblem } from "./Reduction.ts"

export interface ReconstructionLossOptions {
  /** `sum` is in nats per image, `mean` in nats per pixel; default: `sum`. */
  readonly reduction?: Reduction
}

/** `-log p(x | z)` or `-log p(x | z) / pixels`, `[batch]`. */
export const ReconstructionLoss = (options: ReconstructionLossOptions = {}): LossTerm => {
  const { reduction = "sum" } = options
  return {
    // Specs keep the former name, so that run ids stay.
    spec: { _tag: "NegativeLogLikelihood", reduction },
    name: reduction === "sum" ? "reconstruction" : "mean-reconstruction",
    problem: reductionProblem(reduction),
    value: ({ images, reconstruction }) =>
      reduction === "sum" ? reconstruction : tf.mul(reconstruction, 1 / pixelCount(images))
  }
}
