/**
 * The families' contract suites: what every member must keep, as tests for `@effect/vitest`. A loss, a model or a dataset
 * of one's own gets the same tests as those that come with the package.
 */
export { type Accuracy, webGpu } from "./Accuracy.ts"
export { datasetContract, type DatasetContractOptions } from "./DatasetContract.ts"
export { discretePosteriorContract, type DiscretePosteriorContractOptions } from "./DiscretePosteriorContract.ts"
export { embeddingContract, type EmbeddingContractOptions } from "./EmbeddingContract.ts"
export { engineContract } from "./EngineContract.ts"
export { likelihoodContract, type LikelihoodContractOptions } from "./LikelihoodContract.ts"
export { modelContract, type ModelContractOptions } from "./ModelContract.ts"
export { objectiveContract, type ObjectiveContractOptions } from "./ObjectiveContract.ts"
export { optimizerContract, type OptimizerContractOptions } from "./OptimizerContract.ts"
export { priorContract, type PriorContractOptions } from "./PriorContract.ts"
export { posteriorContract, type PosteriorContractOptions } from "./PosteriorContract.ts"
export { scheduleContract } from "./ScheduleContract.ts"
