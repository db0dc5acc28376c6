/**
 * A manifest that is right in every respect, for tests.
 */
import { DateTime } from "effect"
import { type Manifest, type RunSpecs, runId } from "../../src/pipelines/Manifest.ts"

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
  versions: { effect: "4.1.0", node: "24.21.0" },
  git: { commit: "0123456789abcdef0123456789abcdef01234567", dirty: true },
  host: { platform: "linux", arch: "x64", cpu: "A “processor” β", cores: 2 },
  started: DateTime.makeUnsafe("2026-03-01T10:00:00.123Z"),
  ended: DateTime.makeUnsafe("2026-03-01T10:05:00.000Z"),
  status: "done"
})
