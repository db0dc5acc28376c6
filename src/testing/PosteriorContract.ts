/**
 * The contract of posteriors as tests: `posteriorContract("Mine", Mine(), { prior: [0, 0] })`.
 */
import { describe } from "@effect/vitest"
import type { Posterior } from "../core/Posterior.ts"
import { densityTests } from "./posteriors/PosteriorDensity.ts"
import { makeProbe, type PosteriorContractOptions } from "./posteriors/PosteriorProbe.ts"
import { samplingTests } from "./posteriors/PosteriorSampling.ts"

export type { PosteriorContractOptions } from "./posteriors/PosteriorProbe.ts"

/** Registers the contract's tests. */
export const posteriorContract = (name: string, posterior: Posterior, options: PosteriorContractOptions): void => {
  describe(`${name}, a posterior`, () => {
    const probe = makeProbe(posterior, options.prior)
    samplingTests(probe, options)
    densityTests(probe, options)
  })
}
