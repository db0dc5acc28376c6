/**
 * The contract of datasets: images as bytes, split into training and test examples.
 *
 * Laws: describing a dataset reads nothing, its shape and classes included; locating it reads no images, except that
 * files without a pinned checksum, which are a person's own, are hashed; the digest names the bytes, so equal digests
 * mean equal examples in equal order; data that does not match its pinned checksum is refused and never used; `load`
 * refuses a digest that the dataset does not know, or that its files no longer have.
 */
import type * as tf from "@tensorflow/tfjs-core"
import { Context, Schema } from "effect"
import type { Effect, FileSystem, Path } from "effect"
import type { HttpClient } from "effect/http"
import type { NoiseTypes } from "./Noise.ts"
import type { Spec } from "./Spec.ts"
import type { Tensors } from "./Tensors.ts"

/** Sizes of one image. */
export interface ImageShape {
  readonly height: number
  readonly width: number
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: number
}

/** Images of one split, `[count, height, width, channels]` in row-major order, 0 to 255. */
export interface Examples {
  readonly count: number
  readonly images: Uint8Array
  /** One class index per image, if the dataset has labels. */
  readonly labels?: Uint8Array
}

/** Where data was found and which data it is. */
export interface Located {
  /** `path` is a file or folder that an experiment names. */
  readonly source: "data directory" | "cache" | "download" | "built in" | "path"
  /** A path or a URL, for messages. */
  readonly location: string
  /** SHA-256 that identifies the examples and their order. */
  readonly digest: string
  /** The located source of a derived dataset. */
  readonly of?: Located
}

export interface LoadedDataset {
  readonly train: Examples
  readonly test: Examples
  /** Held out of the training examples for early stopping; of a dataset that provides `Validation`. */
  readonly validation?: Examples
}

/** A dataset is missing, unreachable or corrupt. */
export class DatasetError extends Schema.TaggedError<DatasetError>()("DatasetError", {
  dataset: Schema.String,
  /** What failed, with which file or address and which value, what was expected, and what to do next. */
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.dataset}: ${this.reason}`
  }
}

/** Where to look for data. */
export class DataDirectories extends Context.Reference<{
  /** A folder with one subfolder per dataset, from `--data-dir` or `VAE_DATA_DIR`. */
  readonly dataDirectory: string | undefined
  /** Where verified downloads are kept; default: the user's cache folder. */
  readonly cacheDirectory: string | undefined
}>("vae/core/DataDirectories", { defaultValue: () => ({ dataDirectory: undefined, cacheDirectory: undefined }) }) {}

/** How training changes the images of a batch, anew at every step: a pure function of the images and of noise. */
export interface Augmentation {
  /** For one image, by name. */
  readonly noise: NoiseTypes
  /** Images `[batch, height, width, channels]` in [0, 1] from such images and noise `[batch, ...]` each. */
  readonly apply: (images: tf.Tensor4D, noise: Tensors) => tf.Tensor4D
}

/** The platform services that a dataset may use. */
export type DatasetPlatform = FileSystem.FileSystem | Path.Path | HttpClient.HttpClient

export class Dataset extends Context.Service<
  Dataset,
  {
    readonly spec: Spec
    /** For titles and messages, such as `Fashion-MNIST`. */
    readonly name: string
    readonly shape: ImageShape
    /** What training does to a batch before the model sees it; evaluations see images as they are. Default: nothing. */
    readonly augmentation?: Augmentation
    /**
     * Predicts the result of `locate`; undefined if that needs a download. It downloads and changes nothing, so a plan
     * may use it. It may ask a mirror whether it has the data.
     */
    readonly peek: Effect.Effect<Located | undefined, DatasetError, DatasetPlatform>
    /** Searches for the data, in order: data directory, cache, download, built in. */
    readonly locate: Effect.Effect<Located, DatasetError, DatasetPlatform>
    /** Reads and verifies located data. */
    readonly load: (located: Located) => Effect.Effect<LoadedDataset, DatasetError, DatasetPlatform>
  }
>()("vae/core/Dataset") {}

/** Provided by a dataset with validation examples. Early stopping requires it. */
export class Validation extends Context.Service<Validation, { readonly fraction: number }>()("vae/core/Validation") {}

/** Provided by a dataset whose examples have classes. */
export class Labels extends Context.Service<Labels, { readonly classes: ReadonlyArray<string> }>()("vae/core/Labels") {}
