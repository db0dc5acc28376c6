/**
 * A manifest that is right in every respect, for tests.
 */
import { DateTime } from "effect"
import { type Manifest, type RunSpecs, runId } from "../../src/pipelines/store/Manifest.ts"

export const specs: RunSpecs = {
  dataset: { _tag: "Mnist" },
  model: { _tag: "DenseVae", hidden: [512, 256], latent: 2 },
  objective: { _tag: "BetaElbo", beta: 12 },
  training: { _tag: "Training", epochs: 15, batchSize: 128, optimizer: { _tag: "Adam", learningRate: 0.001 } }
}

export const dataDigest = "ab".repeat(32)

/** A finished run with this seed. */
export const manifestOf = (seed: number = 0): Manifest => ({
  id: runId(specs, seed, dataDigest),
  experiment: "beta-sweep",
  parameters: { beta: 12, latent: 2, hidden: [512, 256], dataset: "mnist" },
  seed,
  specs,
  data: { source: "cache", location: "/home/ada/.cache/effect-vae/mnist", digest: dataDigest },
  engine: { _tag: "OnnxRuntime", device: "cpu", threads: 2 },
  fromStep: 0,
  versions: { effect: "4.1.0", node: "24.21.0" },
  git: { commit: "0123456789abcdef0123456789abcdef01234567", dirty: true, diff: "cd".repeat(32) },
  host: { name: "ada", platform: "linux", arch: "x64", cpu: "A “processor” β", cores: 2 },
  started: DateTime.makeUnsafe("2026-03-01T10:00:00.123Z"),
  ended: DateTime.makeUnsafe("2026-03-01T10:05:00.000Z"),
  status: "done"
})

/** As version 1 of the format wrote it. */
export const version1 = `{
  "formatVersion": 1,
  "id": "ea9aed1365d4",
  "experiment": "beta-sweep",
  "parameters": {
    "beta": 12,
    "latent": 2,
    "hidden": [
      512,
      256
    ],
    "dataset": "mnist"
  },
  "seed": 0,
  "specs": {
    "dataset": {
      "_tag": "Mnist"
    },
    "model": {
      "_tag": "DenseVae",
      "hidden": [
        512,
        256
      ],
      "latent": 2
    },
    "objective": {
      "_tag": "BetaElbo",
      "beta": 12
    },
    "training": {
      "_tag": "Training",
      "epochs": 15,
      "batchSize": 128,
      "optimizer": {
        "_tag": "Adam",
        "learningRate": 0.001
      }
    }
  },
  "data": {
    "source": "cache",
    "location": "/home/ada/.cache/effect-vae/mnist",
    "digest": "abababababababababababababababababababababababababababababababab"
  },
  "engine": {
    "_tag": "OnnxRuntime",
    "device": "cpu",
    "threads": 2
  },
  "versions": {
    "effect": "4.1.0",
    "node": "24.21.0"
  },
  "git": {
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "dirty": true
  },
  "host": {
    "platform": "linux",
    "arch": "x64",
    "cpu": "A “processor” β",
    "cores": 2
  },
  "started": "2026-03-01T10:00:00.123Z",
  "ended": "2026-03-01T10:05:00.000Z",
  "status": "failed",
  "exit": {
    "error": "DivergenceError",
    "message": "the loss is NaN",
    "epoch": 2,
    "step": 700
  },
  "digests": {
    "id": "f3931176f349ed7e",
    "experiment": "6a76cd4fd117229f",
    "parameters": "e1ecca38e89ae0c4",
    "seed": "5feceb66ffc86f38",
    "specs": "3681137f7a21f20d",
    "data": "fcf076e94273be33",
    "engine": "0317f61caf705b2d",
    "versions": "ce4dec5b180a0bd1",
    "git": "75de9bc17d6e9711",
    "host": "2a75d8ee89272329",
    "started": "30f310caad4ab495",
    "ended": "81e3ec724193d14a",
    "status": "33d04bd775e7b6c6",
    "exit": "cc9f09d12f3b9ddc"
  }
}
`
