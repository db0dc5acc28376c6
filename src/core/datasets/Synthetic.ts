/**
 * Small images made by a formula, for tests and quick tries: a smooth round spot whose class decides its place.
 *
 * Class centres lie on a grid; each image moves its spot by up to a fifth of a grid cell, and varies its radius and its
 * brightness by up to a fifth, so that there is something for a model to learn. Only exactly rounded operations are used,
 * so the bytes are the same on every machine.
 */
import { Effect, Layer } from "effect"
import { Dataset, DatasetError, type Examples, Labels, type Located } from "../Dataset.ts"
import { uniform } from "../Random.ts"
import { digestOf, type Spec } from "../Spec.ts"

export interface SyntheticOptions {
  /** Training images; default: 256. */
  readonly train?: number
  /** Test images; default: 64. */
  readonly test?: number
  /** From 1 to 256; default: 4. */
  readonly classes?: number
  /** In pixels; default: 8. */
  readonly height?: number
  /** In pixels; default: 8. */
  readonly width?: number
  /** From 0; default: 0. */
  readonly seed?: number
}

type Resolved = Required<SyntheticOptions>

const resolve = (options: SyntheticOptions): Resolved => ({
  train: 256,
  test: 64,
  classes: 4,
  height: 8,
  width: 8,
  seed: 0,
  ...options
})

/** The first option that makes no dataset, with what is allowed. */
const faultOf = (options: Resolved): string | undefined => {
  const limits = {
    train: [1, 2 ** 31],
    test: [1, 2 ** 31],
    classes: [1, 256],
    height: [1, 4096],
    width: [1, 4096]
  } as const
  for (const [name, [least, most]] of Object.entries({ ...limits, seed: [0, Number.MAX_SAFE_INTEGER] as const })) {
    const value = options[name as keyof Resolved]
    if (!Number.isInteger(value) || value < least || value > most) {
      return `${name} must be an integer from ${least} to ${most}, found ${value}`
    }
  }
  return undefined
}

/** `(1 - (distance / radius)²)²` within the radius, 0 outside. */
const spot = (vertical: number, horizontal: number, radius: number): number => {
  const inside = Math.max(0, 1 - (vertical * vertical + horizontal * horizontal) / (radius * radius))
  return inside * inside
}

/** Images of one split; example `i` is of class `i % classes`. */
const examples = (options: Resolved, stream: "train" | "test"): Examples & { readonly labels: Uint8Array } => {
  const { classes, height, seed, width } = options
  const count = options[stream]
  const columns = Math.ceil(Math.sqrt(classes))
  const rows = Math.ceil(classes / columns)
  const cell = { height: height / rows, width: width / columns }
  const noise = uniform({ seed, stream: `synthetic/${stream}`, step: 0 }, count * 4)
  /** Number `which` of image `index`, in [-1, 1). */
  const random = (index: number, which: number) => 2 * noise[4 * index + which]! - 1
  const images = new Uint8Array(count * height * width)
  for (let index = 0; index < count; index++) {
    const label = index % classes
    const centreY = cell.height * (Math.floor(label / columns) + 0.5 + random(index, 0) / 5)
    const centreX = cell.width * ((label % columns) + 0.5 + random(index, 1) / 5)
    const radius = Math.max(1, (Math.min(cell.height, cell.width) / 1.5) * (1 + random(index, 2) / 5))
    const brightness = 255 * (0.8 + random(index, 3) / 5)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = brightness * spot(y + 0.5 - centreY, x + 0.5 - centreX, radius)
        images[(index * height + y) * width + x] = Math.round(value)
      }
    }
  }
  return { count, images, labels: Uint8Array.from({ length: count }, (_, index) => index % classes) }
}

const withoutLabels = ({ count, images }: Examples): Examples => ({ count, images })

const make = (options: Resolved, labelled: boolean): Dataset["Service"] => {
  const spec: Spec = { _tag: "Synthetic", ...options, labelled }
  const fault = faultOf(options)
  const located: Located = {
    source: "built in",
    location: "made by a formula",
    // impossible options (such as NaN, which JSON has not) are never located
    digest: fault === undefined ? digestOf({ ...spec, version: 1 }) : ""
  }
  const fail = (reason: string) => Effect.fail(new DatasetError({ dataset: "Synthetic", reason }))
  const locate = fault === undefined ? Effect.succeed(located) : fail(fault)
  const take = labelled ? (part: Examples) => part : withoutLabels
  return {
    spec,
    name: "Synthetic",
    shape: { height: options.height, width: options.width, channels: 1 },
    peek: locate,
    locate,
    load: ({ digest }) =>
      digest === located.digest
        ? Effect.andThen(
            locate,
            Effect.sync(() => ({ train: take(examples(options, "train")), test: take(examples(options, "test")) }))
          )
        : fail(`no data has the digest ${digest}; known: ${located.digest}`)
  }
}

const nameClasses = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `spot ${index}`)

/** Provides synthetic images with labels; the same options give the same bytes. */
export const layer = (options: SyntheticOptions = {}): Layer.Layer<Dataset | Labels> => {
  const resolved = resolve(options)
  return Layer.mergeAll(
    Layer.succeed(Dataset, make(resolved, true)),
    // an impossible number of classes is reported where the dataset is located
    Layer.succeed(Labels, { classes: nameClasses(faultOf(resolved) === undefined ? resolved.classes : 0) })
  )
}

/** Provides the same images without labels. */
export const layerUnlabelled = (options: SyntheticOptions = {}): Layer.Layer<Dataset> =>
  Layer.succeed(Dataset, make(resolve(options), false))
