/**
 * Datasets derived from another dataset: located with it, with its examples split, truncated or selected again.
 *
 * Laws: the derived dataset's spec and digest depend only on those of the source dataset and on `how`. Other services
 * of the source's layer, such as `Labels`, are kept.
 */
import { Effect, Layer, Result } from "effect"
import { type Augmentation, Dataset, DatasetError, type LoadedDataset, type Located } from "../Dataset.ts"
import { digestOf, type Json } from "../Spec.ts"

/** A transformation of a dataset. */
export interface Derivation {
  /** Tag of the spec. */
  readonly tag: string
  /**
   * The options, defaults filled in. The digest contains no tag, so the keys must differ from every other derivation's.
   */
  readonly how: Readonly<Record<string, Json>>
  /** For titles and messages; default: the source dataset's name. */
  readonly name?: string
  /** What training does to a batch of it. Default: what it does to a batch of the source dataset. */
  readonly augmentation?: Augmentation
  /** Why the options are invalid, reported when the dataset is located; undefined if they are valid. */
  readonly problem?: string | undefined
  /** The derived examples, or why there are none. Deterministic. */
  readonly examples: (of: LoadedDataset) => Result.Result<LoadedDataset, string>
}

/** Why test or validation examples cannot be held out of this dataset, if they cannot. */
export const heldOutProblem = ({ augmentation, spec }: Dataset["Service"]): string | undefined =>
  augmentation === undefined
    ? undefined
    : `${spec._tag} changes images during training, and examples held out of them would stay unchanged; put ${spec._tag}.layer outermost`

/** Applies a derivation to a dataset. */
export const derived = (dataset: Dataset["Service"], derivation: Derivation): Dataset["Service"] => {
  const { augmentation, examples, problem, how, name = dataset.name, tag } = derivation
  const fail = (reason: string) => Effect.fail(new DatasetError({ dataset: name, reason }))
  const digest = (of: Located): string => digestOf({ ...how, of: of.digest })
  const made = (of: Located): Located => ({ ...of, digest: digest(of), of })
  const checked = problem === undefined ? Effect.void : fail(problem)
  return {
    ...dataset,
    spec: { _tag: tag, ...how, of: dataset.spec },
    name,
    ...(augmentation !== undefined && { augmentation }),
    peek: Effect.andThen(
      checked,
      Effect.map(dataset.peek, (of) => of && made(of))
    ),
    locate: Effect.andThen(checked, Effect.map(dataset.locate, made)),
    load: (located) => {
      const { of } = located
      if (of === undefined || digest(of) !== located.digest) {
        const known = of === undefined ? "it was not located by this dataset" : `known: ${digest(of)}`
        return fail(`no data has the digest ${located.digest}; ${known}`)
      }
      return dataset
        .load(of)
        .pipe(Effect.map(examples), Effect.flatMap(Result.match({ onFailure: fail, onSuccess: Effect.succeed })))
    }
  }
}

/** Applies a derivation to a layer's dataset. */
export const layer = <Offers>(
  dataset: Layer.Layer<Dataset | Offers>,
  derivation: (of: Dataset["Service"]) => Derivation
): Layer.Layer<Dataset | Offers> =>
  Layer.provideMerge(
    Layer.effect(
      Dataset,
      Dataset.useSync((of) => derived(of, derivation(of)))
    ),
    dataset
  )
