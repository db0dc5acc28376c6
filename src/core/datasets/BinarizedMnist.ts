/**
 * Static binarised MNIST: 50,000 training, 10,000 validation and 10,000 test digits, 28x28, without labels. Every byte
 * is 0 or 255, which a program scales to 0 or 1.
 *
 * Each pixel was sampled once, from a Bernoulli distribution with its grey value as the probability, so that results in
 * nats are comparable between papers. The test digits are ordered by class.
 *
 * Source: Larochelle and Murray 2011, "The neural autoregressive distribution estimator",
 * https://proceedings.mlr.press/v15/larochelle11a.html; sampled by Salakhutdinov and Murray 2008
 */
import { Effect, type Layer } from "effect"
import type { Dataset } from "../Dataset.ts"
import { digestOf } from "../Spec.ts"
import * as IdxDataset from "./IdxDataset.ts"
import { digestOfFiles, type IdxFile, read } from "./IdxFiles.ts"

export interface BinarizedMnistOptions {
  /**
   * Use of the 10,000 validation digits: `left out`, or `train` to append them to the training digits; default: `left
   * out`.
   */
  readonly validation?: "left out" | "train"
}

const pixels = 28 * 28

/** The files of the published split; pixels are 0 and 1. */
export const files = {
  train: {
    file: "train-images-idx3-ubyte",
    shape: [50_000, 28, 28],
    sha256: "0eae7dff54784fdce12433da8ed5d8549d4676c91740d78aa0b18fa99a8b96f2"
  },
  validation: {
    file: "valid-images-idx3-ubyte",
    shape: [10_000, 28, 28],
    sha256: "1b017d51bf2733a6cbde62f26dd36be91c88ab4e95f8de9cdafadcb26fe9a852"
  },
  test: {
    file: "test-images-idx3-ubyte",
    shape: [10_000, 28, 28],
    sha256: "491785121c5ff9ffb073809cd7c755a241b9e04052f1cf2ec7c9608a9346e097"
  }
} as const satisfies Record<string, IdxFile>

/** Pixels of several files, concatenated and scaled from 0 and 1 to 0 and 255, `[count * 784]`. */
const scale = (...parts: ReadonlyArray<Uint8Array>) => {
  const images = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let to = 0
  for (const part of parts) for (let index = 0; index < part.length; index++) images[to++] = 255 * part[index]!
  return { count: images.length / pixels, images }
}

/** Provides static binarised MNIST from the data directory or the cache. */
export const layer = ({ validation = "left out" }: BinarizedMnistOptions = {}): Layer.Layer<Dataset> => {
  const training: ReadonlyArray<IdxFile> = validation === "train" ? [files.train, files.validation] : [files.train]
  const needed = [files.test, ...training]
  return IdxDataset.layer({
    spec: { _tag: "BinarizedMnist", validation },
    name: "binarised MNIST",
    shape: { height: 28, width: 28, channels: 1 },
    folder: "binarized-mnist",
    files: needed,
    digest: digestOf({ files: digestOfFiles(needed), one: 255 }),
    load: Effect.fnUntraced(function* (folder) {
      const train = yield* Effect.forEach(training, (file) => read(folder, file))
      return { train: scale(...train), test: scale(yield* read(folder, files.test)) }
    }),
    mirrors: [],
    advice:
      `give --data-dir a folder with binarized-mnist/ in it that holds ${needed.map(({ file }) => `${file}.gz`).join(", ")}: ` +
      "IDX files [count, 28, 28] of the pixels 0 and 1 of binarized_mnist_train.amat, _valid.amat and _test.amat"
  })
}
