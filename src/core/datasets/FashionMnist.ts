/**
 * Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28x28, grey, ten classes.
 *
 * Source: Xiao, Rasul and Vollgraf 2017, https://github.com/zalandoresearch/fashion-mnist
 */
import type { Layer } from "effect"
import type { Dataset, Labels } from "../Dataset.ts"
import * as IdxImages from "./IdxImages.ts"

/** The published files; Debian's package dataset-fashion-mnist holds the same contents. */
export const files: IdxImages.IdxSplits = {
  height: 28,
  width: 28,
  train: {
    count: 60_000,
    images: {
      file: "train-images-idx3-ubyte",
      sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    },
    labels: {
      file: "train-labels-idx1-ubyte",
      sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
    }
  },
  test: {
    count: 10_000,
    images: {
      file: "t10k-images-idx3-ubyte",
      sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
    },
    labels: {
      file: "t10k-labels-idx1-ubyte",
      sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
    }
  }
}

/** Provides Fashion-MNIST from the data directory, the cache or its publisher's server. */
export const layer = (): Layer.Layer<Dataset | Labels> =>
  IdxImages.layer({
    tag: "FashionMnist",
    name: "Fashion-MNIST",
    folder: "fashion-mnist",
    files,
    classes: ["T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"],
    mirrors: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    advice:
      "give --data-dir a folder with fashion-mnist/ in it (after installing Debian's package dataset-fashion-mnist: " +
      "/usr/share/datasets), or run again with a network"
  })
