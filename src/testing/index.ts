/**
 * The contract suites of the families, as tests for `@effect/vitest`, for your own losses, models, datasets and so on.
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
