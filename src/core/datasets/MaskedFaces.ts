/**
 * Masked faces: 344 colour photographs of faces, 128x128, with everything except skin, hair and facial features set to
 * black.
 *
 * The masks were drawn by hand. The split is the source's, both of its collections concatenated: 20 frontal and 182
 * posed training images, 50 and 92 test images. The same people recur in several poses, so a random split would leak.
 *
 * Source: FASSEG, Khan, Mauro and Leonardi 2015, "Multi-class semantic segmentation of faces", ICIP; Khan et al. 2017,
 * "Head pose estimation through multi-class face segmentation", ICME; https://github.com/massimomauro/FASSEG-repository
 */
import { Effect, type Layer } from "effect"
import type { Dataset, Examples } from "../Dataset.ts"
import { digestOf } from "../Spec.ts"
import * as IdxDataset from "./IdxDataset.ts"
import { digestOfFiles, type IdxFile, read } from "./IdxFiles.ts"

const count = 344

const side = 128

/** The photographs, scaled and padded. */
export const photographs: IdxFile = {
  file: "fasseg-rgb-128-images-idx4-ubyte",
  shape: [count, side, side, 3],
  sha256: "011d27e0cdea6d6f5cdd5e16ec311040d60915a6d1aacfea068403a06ad1b66d"
}

/** The class of each pixel: 0 background, 1 skin, 2 hair, 3 eyes, 4 nose, 5 mouth. */
export const masks: IdxFile = {
  file: "fasseg-mask-128-labels-idx3-ubyte",
  shape: [count, side, side],
  sha256: "8442960e5c4d05173a69ff6234faf18cf17fed6e5a02e5a26651888ac407610e"
}

const files = [masks, photographs]

/** Ranges of images in the files: frontal faces, then posed ones; in each, training images first. */
const runs = { train: [20, 182], test: [50, 92] } as const

/** Sets pixels to black where the mask is 0; `rgb` `[count, height, width, 3]`, `mask` `[count, height, width]`. */
export const blackenBackground = (rgb: Uint8Array, mask: Uint8Array): Uint8Array => {
  const masked = rgb.slice()
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) masked.fill(0, 3 * pixel, 3 * pixel + 3)
  }
  return masked
}

/** Images `from` to `from + length` of two ranges, concatenated. */
const pick = (images: Uint8Array, ...places: ReadonlyArray<readonly [from: number, length: number]>): Examples => {
  const size = images.length / count
  const total = places.reduce((sum, [, length]) => sum + length, 0)
  const picked = new Uint8Array(total * size)
  let to = 0
  for (const [from, length] of places) {
    picked.set(images.subarray(from * size, (from + length) * size), to * size)
    to += length
  }
  return { count: total, images: picked }
}

/** Provides masked faces from the data directory or the cache. */
export const layer = (): Layer.Layer<Dataset> =>
  IdxDataset.layer({
    spec: { _tag: "MaskedFaces" },
    name: "masked faces",
    shape: { height: side, width: side, channels: 3 },
    folder: "fasseg",
    files,
    digest: digestOf({ files: digestOfFiles(files), background: "black", split: runs }),
    load: Effect.fnUntraced(function* (folder) {
      const images = blackenBackground(yield* read(folder, photographs), yield* read(folder, masks))
      const [frontal, posed] = runs.train
      const start = frontal + runs.test[0]
      return {
        train: pick(images, [0, frontal], [start, posed]),
        test: pick(images, [frontal, runs.test[0]], [start + posed, runs.test[1]])
      }
    }),
    mirrors: [],
    advice:
      "give --data-dir a folder with fasseg/fasseg-rgb-128-images-idx4-ubyte.gz [344, 128, 128, 3] and " +
      "fasseg/fasseg-mask-128-labels-idx3-ubyte.gz [344, 128, 128] in it, IDX files made from the FASSEG repository; or use " +
      "your own faces in ImageFolder or NumpyImages"
  })
