/**
 * An experiment of another name that has runs in common with `SharedExperiment.ts`.
 */
import { Experiment } from "../../../src/index.ts"
import { named } from "./BriefExperiment.ts"

export default named("other").pipe(Experiment.grid({ beta: [2, 3, 4] }))
