/**
 * A dataset from an effect that gives its examples: the shortest way to a dataset of your own.
 *
 * The digest is the SHA-256 of all bytes and labels, so locating the dataset computes its examples. A source whose content has
 * a name of its own, such as a checksum, provides the service `Dataset` instead.
 */
import { createHash } from "node:crypto"
import { Effect, Layer } from "effect"
import {
  Dataset,
  DatasetError,
  type DatasetPlatform,
  type Examples,
  type ImageShape,
  Labels,
  type LoadedDataset,
  type Located
} from "../Dataset.ts"
import { named } from "./UserPath.ts"

export interface InMemoryOptions {
  /** For titles, messages and the spec. */
  readonly name: string
  readonly shape: ImageShape
  /** The same bytes each time. */
  readonly examples: Effect.Effect<LoadedDataset, Error, DatasetPlatform>
}

export interface LabelledOptions extends InMemoryOptions {
  /** Names of the classes, at most 256. The index is the label. */
  readonly classes: ReadonlyArray<string>
}

/** What is wrong with examples: every image has the shape's bytes, and every label is that of a class. */
const problemOf = (
  { height, width, channels }: ImageShape,
  classes: ReadonlyArray<string> | undefined,
  loaded: LoadedDataset
): string | undefined => {
  for (const [part, { count, images, labels }] of Object.entries<Examples>({ ...loaded })) {
    const bytes = count * height * width * channels
    if (images.length !== bytes) {
      return `${part}: expected ${bytes} bytes for ${count} images of [${height}, ${width}, ${channels}], found ${images.length}`
    }
    if (classes === undefined) continue
    if (labels?.length !== count) return `${part}: expected ${count} labels, found ${labels?.length ?? "none"}`
    const wrong = labels.findIndex((label) => label >= classes.length)
    if (wrong >= 0) return `${part}: expected labels below ${classes.length}, found ${labels[wrong]} at [${wrong}]`
  }
  return undefined
}

const make = ({ examples, name, shape }: InMemoryOptions, classes?: ReadonlyArray<string>): Dataset["Service"] => {
  const fail = (reason: string) => Effect.fail(new DatasetError({ dataset: name, reason }))
  const read = Effect.gen(function* () {
    const loaded = yield* examples
    const problem = problemOf(shape, classes, loaded)
    if (problem !== undefined) return yield* fail(problem)
    const hash = createHash("sha256")
    for (const { images, labels = new Uint8Array(0) } of Object.values<Examples>({ ...loaded }))
      hash.update(images).update(labels)
    return { loaded, digest: hash.digest("hex") }
  }).pipe(named(name))
  const locate = Effect.map(read, ({ digest }): Located => ({ source: "built in", location: name, digest }))
  return {
    spec: { _tag: "InMemory", name, shape: [shape.height, shape.width, shape.channels], classes: classes ?? null },
    name,
    shape,
    peek: locate,
    locate,
    load: (located) =>
      Effect.flatMap(read, ({ digest, loaded }) =>
        digest === located.digest
          ? Effect.succeed(loaded)
          : fail(`no data has the digest ${located.digest}; known: ${digest}`)
      )
  }
}

/** Provides examples without labels. */
export const layer = (options: InMemoryOptions): Layer.Layer<Dataset> => Layer.sync(Dataset, () => make(options))

/** Provides examples with labels. */
export const labelled = (options: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, options.classes)),
    Layer.succeed(Labels, { classes: options.classes })
  )
