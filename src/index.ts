/**
 * Everything that an experiment's file, a component or an evaluation of one's own is written with.
 *
 * Contracts are namespaces (`Evaluation.layer`, `Experiment.grid`); so are members that provide a layer (`Mnist.layer()`);
 * members that are plain values are functions (`Adam({ learningRate: 1e-3 })`).
 */

// The language.
export * as Experiment from "./core/Experiment.ts"
export * as Parameter from "./core/Parameter.ts"
export * as Sweep from "./core/Sweep.ts"
export * as Training from "./core/Training.ts"

// The contracts.
export * as Dataset from "./core/Dataset.ts"
export * as Embedding from "./core/Embedding.ts"
export * as Engine from "./core/Engine.ts"
export * as Evaluation from "./core/Evaluation.ts"
export * as Figure from "./core/Figure.ts"
export * as Likelihood from "./core/Likelihood.ts"
export * as LossTerm from "./core/LossTerm.ts"
export * as Model from "./core/Model.ts"
export * as Network from "./core/Network.ts"
export * as Objective from "./core/Objective.ts"
export * as Optimizer from "./core/Optimizer.ts"
export * as Posterior from "./core/Posterior.ts"
export * as Random from "./core/Random.ts"
export { epochs } from "./core/Schedule.ts"
export * as Snapshots from "./core/Snapshots.ts"
export * as Tensors from "./core/Tensors.ts"
export * as TrainedModel from "./core/TrainedModel.ts"

// Datasets.
export * as BinarizedMnist from "./core/datasets/BinarizedMnist.ts"
export * as Exemplars from "./core/datasets/Exemplars.ts"
export * as FashionMnist from "./core/datasets/FashionMnist.ts"
export * as FreyFaces from "./core/datasets/FreyFaces.ts"
export * as ImageFolder from "./core/datasets/ImageFolder.ts"
export * as MaskedFaces from "./core/datasets/MaskedFaces.ts"
export * as Mnist from "./core/datasets/Mnist.ts"
export * as NumpyImages from "./core/datasets/NumpyImages.ts"
export * as OlivettiFaces from "./core/datasets/OlivettiFaces.ts"
export * as Split from "./core/datasets/Split.ts"
export * as Synthetic from "./core/datasets/Synthetic.ts"

// Models and what they are composed of.
export * as Codebook from "./core/models/Codebook.ts"
export * as ConditionalVae from "./core/models/ConditionalVae.ts"
export * as DenseVae from "./core/models/DenseVae.ts"
export * as SequentialVae from "./core/models/SequentialVae.ts"
export * as SimpleVae from "./core/models/SimpleVae.ts"
export { activation } from "./core/networks/Activation.ts"
export { averagePooling } from "./core/networks/AveragePooling.ts"
export { convolution } from "./core/networks/Convolution.ts"
export { dense } from "./core/networks/Dense.ts"
export { dropout } from "./core/networks/Dropout.ts"
export { maxPooling } from "./core/networks/MaxPooling.ts"
export { flatten, reshape } from "./core/networks/Reshape.ts"
export { saltAndPepper } from "./core/networks/SaltAndPepper.ts"
export { transposedConvolution } from "./core/networks/TransposedConvolution.ts"
export { upsampling } from "./core/networks/Upsampling.ts"
export { BernoulliLogits } from "./core/likelihoods/BernoulliLogits.ts"
export { GaussianLikelihood } from "./core/likelihoods/Gaussian.ts"
export { Deterministic } from "./core/posteriors/Deterministic.ts"
export { FixedDeviationGaussian } from "./core/posteriors/FixedDeviationGaussian.ts"
export { LinearGaussian } from "./core/posteriors/LinearGaussian.ts"
export { LogVarianceGaussian } from "./core/posteriors/LogVarianceGaussian.ts"
export { SoftplusGaussian } from "./core/posteriors/SoftplusGaussian.ts"

// Objectives and optimisers.
export * as BetaElbo from "./core/objectives/BetaElbo.ts"
export * as ImportanceWeighted from "./core/objectives/ImportanceWeighted.ts"
export * as SumOfTerms from "./core/objectives/SumOfTerms.ts"
export { HalfMeanSquaredCode } from "./core/terms/HalfMeanSquaredCode.ts"
export { KlDivergence } from "./core/terms/KlDivergence.ts"
export { NegativeLogLikelihood } from "./core/terms/NegativeLogLikelihood.ts"
export { HalfSquaredError, MeanSquaredError } from "./core/terms/SquaredError.ts"
export { Adam } from "./core/optimizers/Adam.ts"
export { Sgd } from "./core/optimizers/Sgd.ts"

// Embeddings.
export { PrincipalComponents } from "./core/embeddings/PrincipalComponents.ts"
export { Tsne } from "./core/embeddings/Tsne.ts"
export { Umap } from "./core/embeddings/Umap.ts"

// Evaluations.
export { CodesBySplit } from "./core/evaluations/CodesBySplit.ts"
export { ConditionalGrid } from "./core/evaluations/ConditionalGrid.ts"
export { Curves } from "./core/evaluations/Curves.ts"
export { Denoising } from "./core/evaluations/Denoising.ts"
export { ElboTerms } from "./core/evaluations/ElboTerms.ts"
export { Interpolation } from "./core/evaluations/Interpolation.ts"
export { InteractiveScatter } from "./core/evaluations/InteractiveScatter.ts"
export { LatentScatter } from "./core/evaluations/LatentScatter.ts"
export { LatentScatterOverTraining } from "./core/evaluations/LatentScatterOverTraining.ts"
export { Manifold } from "./core/evaluations/Manifold.ts"
export { ManifoldOverTraining } from "./core/evaluations/ManifoldOverTraining.ts"
export { ReconstructionError } from "./core/evaluations/ReconstructionError.ts"
export { Reconstructions } from "./core/evaluations/Reconstructions.ts"
export { ReconstructionsOverTraining } from "./core/evaluations/ReconstructionsOverTraining.ts"
export { SampleQuality } from "./core/evaluations/SampleQuality.ts"
export { Samples } from "./core/evaluations/Samples.ts"
export { Smoothness } from "./core/evaluations/Smoothness.ts"
export { TermsAtMean } from "./core/evaluations/TermsAtMean.ts"
