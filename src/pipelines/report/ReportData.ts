/**
 * The content of the report page as one JSON value: a sweep's runs with their metrics, figures and models.
 *
 * Laws: files are named by their asset names, and nothing is executable: strings are always rendered as text. NaN and
 * infinities are the words `NaN`, `Infinity` and `-Infinity`.
 */
import { Schema } from "effect"

/** A Vega-Lite figure with its data. */
export const FigureData = Schema.Struct({
  name: Schema.String,
  title: Schema.String,
  caption: Schema.String,
  view: Schema.Record(Schema.String, Schema.Json)
})
export type FigureData = typeof FigureData.Type

/** A figure or an animation of a run, loaded when it is displayed. */
export const FigureEntry = Schema.Struct({
  name: Schema.String,
  title: Schema.String,
  caption: Schema.String,
  /** `figure`: the part holds `FigureData`; `animation`: the part is a GIF. */
  kind: Schema.Literals(["figure", "animation"]),
  part: Schema.String
})
export type FigureEntry = typeof FigureEntry.Type

/** What the page needs to run a model. */
export const ModelData = Schema.Struct({
  latent: Schema.Int,
  shape: Schema.Struct({ height: Schema.Int, width: Schema.Int, channels: Schema.Int }),
  /** Names of the dataset's classes. */
  classes: Schema.optionalKey(Schema.Array(Schema.String)),
  labelled: Schema.Struct({ encoder: Schema.Boolean, decoder: Schema.Boolean }),
  /** Parts with the two networks, with the codes of test images, and with the test images. */
  encoder: Schema.String,
  decoder: Schema.String,
  /** Part with the network that draws codes, for a prior other than N(0, I). */
  prior: Schema.optionalKey(Schema.String),
  codes: Schema.String,
  images: Schema.optionalKey(Schema.String)
})
export type ModelData = typeof ModelData.Type

export const RunStatus = Schema.Literals(["planned", "running", "done", "failed", "interrupted"])

export const RunData = Schema.Struct({
  id: Schema.String,
  /** The varying parameters, such as `β = 12`; empty for a single run. */
  label: Schema.String,
  seed: Schema.Int,
  status: RunStatus,
  /** How good it is, or why it is not finished. */
  sentence: Schema.String,
  /** Why it failed. */
  error: Schema.optionalKey(Schema.String),
  /** As a command line has them. */
  parameters: Schema.Record(Schema.String, Schema.String),
  epochs: Schema.Struct({ done: Schema.Int, of: Schema.Int }),
  /** In nats per image unless the name says otherwise. */
  metrics: Schema.Record(Schema.String, Schema.Number),
  /** The values that the experiment's source reported, by metric. */
  reference: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite])),
  /** The command that trains the run. */
  command: Schema.String,
  /** Provenance, such as engine, machine and commit. */
  made: Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String })),
  model: Schema.optionalKey(ModelData),
  exhibits: Schema.Array(FigureEntry)
})
export type RunData = typeof RunData.Type

export const ReportData = Schema.Struct({
  format: Schema.Literal("effect-vae report 1"),
  experiment: Schema.String,
  description: Schema.String,
  /** When the page was generated, ISO 8601. */
  made: Schema.String,
  /** Whether the page is served and updates itself. */
  live: Schema.Boolean,
  /** All parameters, with their descriptions, in the experiment's order. */
  parameters: Schema.Array(Schema.Struct({ name: Schema.String, description: Schema.String, varies: Schema.Boolean })),
  runs: Schema.Array(RunData),
  /** Figures that compare the runs. */
  figures: Schema.Array(FigureData)
})
export type ReportData = typeof ReportData.Type

/** The JSON codec. */
export const codec = Schema.toCodecJson(ReportData)

// Contents of the assets. Arrays of numbers are base64 of their little-endian bytes.

/** Codes of test images. */
export const CodesData = Schema.Struct({
  count: Schema.Int,
  /** int32 `[count]`: places in the test split. */
  indices: Schema.String,
  /** uint8 `[count]`. */
  labels: Schema.optionalKey(Schema.String),
  /** float32 `[count, latent]`. */
  mean: Schema.String,
  deviation: Schema.String
})
export type CodesData = typeof CodesData.Type

/** Test images of a dataset. */
export const ImagesData = Schema.Struct({
  /** Some images at full size: uint8 `[count, height, width, channels]`. */
  examples: Schema.Struct({
    count: Schema.Int,
    indices: Schema.Array(Schema.Int),
    labels: Schema.optionalKey(Schema.Array(Schema.Int)),
    pixels: Schema.String
  }),
  /** Thumbnails of many, in the order of the codes: a PNG as a data URI. */
  sprite: Schema.Struct({
    url: Schema.String,
    columns: Schema.Int,
    rows: Schema.Int,
    width: Schema.Int,
    height: Schema.Int
  })
})
export type ImagesData = typeof ImagesData.Type

/** A network: base64 of an ONNX file. */
export const NetworkData = Schema.Struct({ onnx: Schema.String })
