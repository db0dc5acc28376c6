import { describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as DenseVae from "../../../src/core/models/DenseVae.ts"
import { FullCovarianceGaussian } from "../../../src/core/posteriors/FullCovarianceGaussian.ts"
import { modelContract } from "../../../src/testing/ModelContract.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"
import { assertClose, read } from "../../../src/testing/TensorProbe.ts"

posteriorContract("FullCovarianceGaussian", FullCovarianceGaussian(), {
  prior: [0, 0, 0],
  diagonal: false,
  // A code's distance is divided by the diagonal, once for each dimension after the first.
  extreme: 10
})
modelContract(
  "DenseVae with a FullCovarianceGaussian",
  DenseVae.layer({ hidden: [5], latent: 3, posterior: FullCovarianceGaussian() })
)

describe("FullCovarianceGaussian", () => {
  it("has the golden density, divergence and deviations of SciPy", () => {
    // import numpy as np; from scipy.stats import multivariate_normal as normal
    // mean, L = np.array([.5, -1, 2]), np.array([[np.exp(.2), 0, 0], [.7, np.exp(-.3), 0], [-.4, 1.1, np.exp(.1)]])
    // S = L @ L.T; normal.logpdf([0, .3, 1], mean, S); np.sqrt(np.diag(S))
    // .5 * (np.trace(S) + mean @ mean - 3 - np.log(np.linalg.det(S)))
    const { deviation, kl, logProb } = read(() => {
      const q = FullCovarianceGaussian().fromHeads([
        tf.tensor2d([[0.5, -1, 2]]),
        tf.tensor2d([[0.2, -0.3, 0.1]]),
        tf.tensor2d([[0.7, -0.4, 1.1]])
      ])
      return { logProb: q.logProb!(tf.tensor2d([[0, 0.3, 1]])), kl: q.kl!(), deviation: q.deviation }
    })
    assertClose(logProb.values, [-10.204748], 1e-5)
    assertClose(kl.values, [3.6860195], 1e-5)
    assertClose(deviation.values, [1.2214028, 1.0192211, 1.6097835], 1e-5)
  })
})
