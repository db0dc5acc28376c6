import { Deterministic } from "../../../src/core/posteriors/Deterministic.ts"
import { posteriorContract } from "../../../src/testing/PosteriorContract.ts"

posteriorContract("Deterministic", Deterministic(), { extreme: 1e6 })
