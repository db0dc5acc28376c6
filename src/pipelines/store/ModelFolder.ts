/**
 * A run's folder `model`: the trained model for use without this program.
 *
 * - `encoder.onnx`: `images` `[batch, height, width, channels]` in [0, 1], and `labels` `[batch]` where the encoder takes
 *   them, to `mean` and `deviation` of `q(z | x)`, `[batch, latent]` each;
 * - `decoder.onnx`: `codes` `[batch, latent]`, and `labels` `[batch]` where the decoder takes them, to `images`, the means
 *   of `p(x | z)`;
 * - `prior.onnx`, for a prior other than N(0, I): `normal` `[batch, latent]` and `uniform` `[batch]` in [0, 1) to `codes`
 *   `[batch, latent]` of the prior;
 * - `codes.safetensors`: the encoded test images (`indices`), their `labels`, and `mean` and `deviation` of their
 *   codes;
 * - `model.json`: the description of the model.
 *
 * Laws: every file is complete or absent; `model.json` is written last and guarantees the others. The folder is derived
 * from the run's last checkpoint and is not part of the run's identity.
 */
import { Effect, FileSystem, Option, Path, Result, Schema } from "effect"
import type { HostTensors } from "../../core/Tensors.ts"
import * as AtomicFile from "../files/AtomicFile.ts"
import * as JsonFile from "../files/JsonFile.ts"
import * as Safetensors from "../files/Safetensors.ts"
import { corrupt, type StoreError } from "../files/StoreError.ts"

/** The description of a trained model. */
export const ModelCard = Schema.Struct({
  format: Schema.Literal("effect-vae model 1"),
  /** The run's id. */
  run: Schema.String,
  experiment: Schema.String,
  /** For titles, such as `Fashion-MNIST`, and the SHA-256 of its data. */
  dataset: Schema.Struct({ name: Schema.String, digest: Schema.String }),
  shape: Schema.Struct({ height: Schema.Int, width: Schema.Int, channels: Schema.Int }),
  latent: Schema.Int,
  /** Name of the prior, if it is not N(0, I) and `prior.onnx` exists. */
  prior: Schema.optionalKey(Schema.String),
  /** Names of the dataset's classes, in the order of their labels. */
  classes: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Which networks take labels. */
  labelled: Schema.Struct({ encoder: Schema.Boolean, decoder: Schema.Boolean })
})
export type ModelCard = typeof ModelCard.Type

/** Everything in the folder. */
export interface ModelFiles {
  readonly card: ModelCard
  readonly encoder: Uint8Array
  readonly decoder: Uint8Array
  readonly prior?: Uint8Array | undefined
  readonly codes: HostTensors
}

const folderName = "model"
const names = { encoder: "encoder.onnx", decoder: "decoder.onnx", codes: "codes.safetensors" } as const
const priorName = "prior.onnx"

const pathOf = (run: string, name: string) => Effect.map(Path.Path, ({ join }) => join(run, folderName, name))

/** Writes the folder `model` of a run's folder. Errors: `StoreError`. */
export const write = Effect.fn("ModelFolder.write")(function* (run: string, files: ModelFiles) {
  const { card, codes, decoder, encoder, prior } = files
  const path = yield* pathOf(run, names.codes)
  const pieces = Safetensors.encode({ tensors: codes, metadata: { format: card.format, run: card.run } })
  if (Result.isFailure(pieces)) return yield* corrupt(path, pieces.failure)
  yield* AtomicFile.write(path, pieces.success)
  yield* AtomicFile.write(yield* pathOf(run, names.encoder), encoder)
  yield* AtomicFile.write(yield* pathOf(run, names.decoder), decoder)
  if (prior !== undefined) yield* AtomicFile.write(yield* pathOf(run, priorName), prior)
  yield* JsonFile.write(ModelCard, yield* pathOf(run, "model.json"), card)
})

/** The description of a run's model; none if one of its files is missing. Errors: `StoreError`. */
export const card = Effect.fn("ModelFolder.card")(function* (
  run: string
): Effect.fn.Return<Option.Option<ModelCard>, StoreError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const paths = yield* Effect.forEach(Object.values(names), (name) => pathOf(run, name))
  const there = yield* Effect.forEach(paths, (path) => Effect.orElseSucceed(fs.exists(path), () => false))
  return there.every((is) => is) ? yield* JsonFile.read(ModelCard, yield* pathOf(run, "model.json")) : Option.none()
})

/** The networks that a folder may hold. */
export type NetworkName = "encoder" | "decoder" | "prior"

/** The bytes of one network's file; none if there is no such file. Errors: `StoreError`. */
export const network = Effect.fn("ModelFolder.network")(function* (run: string, which: NetworkName) {
  return yield* AtomicFile.read(yield* pathOf(run, { ...names, prior: priorName }[which]), Safetensors.maximumBytes)
})

/** The codes of test images; none if there is no such file. Errors: `StoreError`. */
export const codes = Effect.fn("ModelFolder.codes")(function* (run: string) {
  const path = yield* pathOf(run, names.codes)
  const bytes = yield* AtomicFile.read(path, Safetensors.maximumBytes)
  if (Option.isNone(bytes)) return Option.none<HostTensors>()
  const contents = Safetensors.decode(bytes.value)
  return Result.isFailure(contents) ? yield* corrupt(path, contents.failure) : Option.some(contents.success.tensors)
})
