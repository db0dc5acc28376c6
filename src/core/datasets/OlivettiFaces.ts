/**
 * Olivetti faces: 400 images, ten of each of 40 people, 64x64, grey. The label is the person.
 *
 * The split is random and stratified by person, so that everybody is in both parts.
 *
 * Source: AT&T Laboratories Cambridge, Samaria and Harter 1994, https://doi.org/10.1109/ACV.1994.341300; the 64x64
 * version of S. Roweis's page, https://cs.nyu.edu/~roweis/data.html
 */
import { Effect, Layer, Result } from "effect"
import { type Dataset, DatasetError, Labels } from "../Dataset.ts"
import { digestOf } from "../Spec.ts"
import * as IdxDataset from "./IdxDataset.ts"
import { digestOfFiles, type IdxFile, read } from "./IdxFiles.ts"
import * as Split from "./Split.ts"

export interface OlivettiFacesOptions {
  /** From 0.1 to 0.9; default: 0.2, that is 8 training and 2 test images of each person. */
  readonly testFraction?: number
  /** Seed of the split; default: 0. */
  readonly seed?: number
}

/** The images, upright, in groups of ten per person. */
export const images: IdxFile = {
  file: "olivetti-images-idx3-ubyte",
  shape: [400, 64, 64],
  sha256: "139db5ade073e030ff543fe74df478b29cff6e9da9a50bf1e0c9a29f0d2f114d"
}

/** The person, 0 to 39. */
export const labels: IdxFile = {
  file: "olivetti-labels-idx1-ubyte",
  shape: [400],
  sha256: "87b0dbf71b8091a9cef50af2767e98a87f3b0bde56f1eda7bb591d156e542390"
}

const files = [labels, images]

const problemOf = (split: Split.Split): string | undefined => {
  const { testFraction } = split
  if (testFraction >= 0.1 && testFraction <= 0.9) return Split.problemOf(split)
  return `testFraction must be from 0.1 to 0.9, so that everybody is in both parts, found ${testFraction}`
}

/** Provides Olivetti faces, and people as labels, from the data directory or the cache. */
export const layer = (options: OlivettiFacesOptions = {}): Layer.Layer<Dataset | Labels> => {
  const split = Split.resolve(options)
  const problem = problemOf(split)
  return Layer.merge(
    Layer.succeed(Labels, { classes: Array.from({ length: 40 }, (_, person) => `person ${person}`) }),
    IdxDataset.layer({
      spec: { _tag: "OlivettiFaces", split },
      name: "Olivetti faces",
      shape: { height: 64, width: 64, channels: 1 },
      folder: "olivetti",
      files,
      ...(problem === undefined ? { digest: digestOf({ files: digestOfFiles(files), split }) } : { problem }),
      load: Effect.fnUntraced(function* (folder) {
        const examples = yield* Effect.all({ images: read(folder, images), labels: read(folder, labels) })
        const divided = Split.divide({ count: 400, ...examples }, split)
        if (Result.isSuccess(divided)) return divided.success
        return yield* new DatasetError({ dataset: "Olivetti faces", reason: divided.failure })
      }),
      mirrors: [],
      advice:
        "give --data-dir a folder that contains olivetti/olivetti-images-idx3-ubyte.gz [400, 64, 64] and " +
        "olivetti/olivetti-labels-idx1-ubyte.gz [400] in it, IDX files made from olivettifaces.mat: upright images, and " +
        "the persons, 0 to 39"
    })
  )
}
