/**
 * Datasets made from another: found where it is found, with its examples divided, cut or chosen anew.
 *
 * Laws: what is made has a spec and a digest of its own, which follow from those of the other and from `how` alone;
 * whatever else the other's layer offers stays.
 */
import { Effect, Layer, Result } from "effect"
import { Dataset, DatasetError, type LoadedDataset, type Located } from "../Dataset.ts"
import { digestOf, type Json } from "../Spec.ts"

/** What becomes of a dataset. */
export interface Derivation {
  /** The spec's. */
  readonly tag: string
  /** The options with defaults filled in. Its keys tell it from every other derivation: the digest has no tag. */
  readonly how: Readonly<Record<string, Json>>
  /** For titles and messages; default: the other's name. */
  readonly name?: string
  /** Why the options are impossible, said where the dataset is located; undefined where they are not. */
  readonly fault?: string | undefined
  /** The examples made from the other's, or why there are none; the same each time. */
  readonly examples: (of: LoadedDataset) => Result.Result<LoadedDataset, string>
}

/** The dataset that a derivation makes of another. */
export const derived = (dataset: Dataset["Service"], derivation: Derivation): Dataset["Service"] => {
  const { examples, fault, how, name = dataset.name, tag } = derivation
  const fail = (reason: string) => Effect.fail(new DatasetError({ dataset: name, reason }))
  const digest = (of: Located): string => digestOf({ ...how, of: of.digest })
  const made = (of: Located): Located => ({ ...of, digest: digest(of), of })
  const checked = fault === undefined ? Effect.void : fail(fault)
  return {
    ...dataset,
    spec: { _tag: tag, ...how, of: dataset.spec },
    name,
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

/** Provides what a derivation makes of a layer's dataset. */
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
