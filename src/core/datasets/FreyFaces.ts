/**
 * Frey faces: 1,965 video frames of one person's face, 28x20, grey, without labels.
 *
 * Consecutive frames are nearly equal, so the split is by time: the last frames are the test examples. A random split
 * would leak neighbours of every test frame into the training examples.
 *
 * Source: images by B. Frey, S. Roweis's page, https://cs.nyu.edu/~roweis/data.html; used by Kingma and Welling 2013,
 * https://arxiv.org/abs/1312.6114
 */
import { Effect, type Layer, Result } from "effect"
import { type Dataset, DatasetError } from "../Dataset.ts"
import { digestOf } from "../Spec.ts"
import * as IdxDataset from "./IdxDataset.ts"
import { digestOfFiles, type IdxFile, read } from "./IdxFiles.ts"
import * as Split from "./Split.ts"

export interface FreyFacesOptions {
  /** Fraction of the frames, at the end, held out for testing; default: 0.2 (1,572 training and 393 test frames). */
  readonly testFraction?: number
}

/** The images of `frey_rawface.mat` as an IDX file. */
export const images: IdxFile = {
  file: "frey-images-idx3-ubyte",
  shape: [1965, 28, 20],
  sha256: "c943677a3bcb83ed2de1207d4355c360cabfee597a538f9735ec3254886c365f"
}

/** Provides Frey faces from the data directory or the cache. */
export const layer = (options: FreyFacesOptions = {}): Layer.Layer<Dataset> => {
  const split = Split.resolve({ ...options, heldOut: "last" })
  const problem = Split.problemOf(split)
  return IdxDataset.layer({
    spec: { _tag: "FreyFaces", split },
    name: "Frey faces",
    shape: { height: 28, width: 20, channels: 1 },
    folder: "frey",
    files: [images],
    ...(problem === undefined ? { digest: digestOf({ files: digestOfFiles([images]), split }) } : { problem }),
    load: Effect.fnUntraced(function* (folder) {
      const divided = Split.divide({ count: 1965, images: yield* read(folder, images) }, split)
      if (Result.isSuccess(divided)) return divided.success
      return yield* new DatasetError({ dataset: "Frey faces", reason: divided.failure })
    }),
    mirrors: [],
    advice:
      "give --data-dir a folder with frey/frey-images-idx3-ubyte.gz in it, an IDX file of the 1965 images of " +
      "frey_rawface.mat, [1965, 28, 20]"
  })
}
