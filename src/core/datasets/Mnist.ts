/**
 * MNIST: 60,000 training and 10,000 test images of handwritten digits, 28x28, grey, ten classes.
 *
 * Without data directory, cache and network, it is 10,000 of the training digits, which come with this package.
 *
 * Source: LeCun, Cortes and Burges 1998, http://yann.lecun.com/exdb/mnist/
 */
import type { Layer } from "effect"
import type { Dataset, Labels } from "../Dataset.ts"
import { builtInDigits } from "./BuiltInDigits.ts"
import * as IdxImages from "./IdxImages.ts"

/** The published files. */
export const files: IdxImages.IdxSplits = {
  height: 28,
  width: 28,
  train: {
    count: 60_000,
    images: {
      file: "train-images-idx3-ubyte",
      sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    },
    labels: {
      file: "train-labels-idx1-ubyte",
      sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    }
  },
  test: {
    count: 10_000,
    images: {
      file: "t10k-images-idx3-ubyte",
      sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    },
    labels: {
      file: "t10k-labels-idx1-ubyte",
      sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    }
  }
}

/** Provides MNIST from the data directory, the cache, a public mirror or the built-in digits, in this order. */
export const layer = (): Layer.Layer<Dataset | Labels> =>
  IdxImages.layer({
    tag: "Mnist",
    name: "MNIST",
    folder: "mnist",
    files,
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    mirrors: ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
    advice: "for all 70,000 digits give --data-dir a folder with mnist/ in it, or run again with a network",
    builtIn: builtInDigits
  })
