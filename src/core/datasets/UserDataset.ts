/**
 * A dataset of user files in any format: locating, hashing, reading and splitting.
 *
 * The size of an image is an option, because a dataset's shape is known before anything is read. The digest names the
 * files' content, what is made of it, and the split.
 */
import { Effect, type FileSystem, type Path } from "effect"
import { type Dataset, DatasetError, type Examples, type ImageShape, type LoadedDataset } from "../Dataset.ts"
import { digestOf, type Json } from "../Spec.ts"
import { type Allocate, DataMemory, inMemory, load as loadPrepared } from "./PreparedData.ts"
import * as Split from "./Split.ts"
import * as UserPath from "./UserPath.ts"

/** Options that every format has. */
export interface UserDatasetOptions extends Split.SplitOptions {
  /** In pixels. */
  readonly height: number
  /** In pixels. */
  readonly width: number
  /** For titles and messages; default: the name of the file or folder. */
  readonly name?: string
}

type Platform = FileSystem.FileSystem | Path.Path

/** What was read: what names it, and what is wrong with it, if so. */
export interface Content {
  readonly hash: Readonly<Record<string, Json>>
  readonly problem?: string | undefined
}

/** Examples of which number and labels are known. */
export interface Source {
  readonly count: number
  /** One class index per image. */
  readonly labels?: Uint8Array
  /** Writes the bytes of image `index` to `place(index)`, for all images. */
  readonly read: (place: (index: number) => Uint8Array) => Effect.Effect<Content, Error, Platform>
}

/** One source, which is divided, or one for each part. */
export type Sources = readonly [Source] | readonly [train: Source, test: Source]

export interface UserDatasetDefinition {
  /** Tag and options of the format. */
  readonly spec: { readonly _tag: string; readonly [key: string]: Json }
  readonly options: UserDatasetOptions
  readonly channels: 1 | 3
  /** The file or folder: an absolute path, or one relative to the data directory or else to the working directory. */
  readonly path: string
  /** The option that gives the path. */
  readonly pathOption: "file" | "folder"
  readonly classes?: ReadonlyArray<string> | undefined
  /** Whether the files give the test examples, so that nothing is divided. */
  readonly isDivided?: boolean
  /** Largest height and width, in pixels; default: 16,384. */
  readonly largestSide?: number
  /** Why the format's own options are impossible. */
  readonly problem?: string | undefined
  /** What names the content at a location: one value per source, equal to what reading gives. */
  readonly hash: (location: string) => Effect.Effect<ReadonlyArray<Content["hash"]>, Error, Platform>
  readonly open: (location: string) => Effect.Effect<Sources, Error, Platform>
}

/** The last part of a path. */
const baseName = (path: string): string => path.split(/[/\\]/).findLast((part) => part !== "") ?? path

const problemOf = (definition: UserDatasetDefinition, split: Split.Split): string | undefined => {
  const { classes, largestSide = 16_384, options, path, pathOption } = definition
  for (const [name, value] of Object.entries({ height: options.height, width: options.width })) {
    if (!Number.isInteger(value) || value < 1 || value > largestSide) {
      return `${name} must be an integer from 1 to ${largestSide}, found ${value}`
    }
  }
  if (path === "") return `${pathOption} must be the path of a ${pathOption}, found an empty string`
  if (classes !== undefined && (classes.length < 1 || classes.length > 256 || new Set(classes).size < classes.length)) {
    return `classes must be 1 to 256 different names, found ${classes.length}: ${classes.slice(0, 10).join(", ")}`
  }
  return definition.problem ?? Split.problemOf(split)
}

/** Where each example goes: `[part, index in the part]` by its index in its source. */
interface Assignment {
  readonly counts: readonly [train: number, test: number]
  readonly order: readonly [train: ArrayLike<number>, test: ArrayLike<number>]
}

const indices = (count: number): Int32Array => Int32Array.from({ length: count }, (_, index) => index)

export const make = (definition: UserDatasetDefinition): Dataset["Service"] => {
  const { channels, hash, isDivided = false, open, options, path } = definition
  const { height, width } = options
  const name = options.name ?? baseName(path)
  const shape: ImageShape = { height, width, channels }
  const pixels = height * width * channels
  const split = Split.resolve(options)
  const problem = problemOf(definition, split)
  const fail = (reason: string) => new DatasetError({ dataset: name, reason })
  const digest = (hashes: ReadonlyArray<Content["hash"]>): string =>
    isDivided ? digestOf({ train: hashes[0]!, test: hashes[1]! }) : digestOf({ ...hashes[0], split })

  const locate = Effect.gen(function* () {
    if (problem !== undefined) return yield* fail(problem)
    const place = yield* UserPath.find(name, path)
    return { ...place, digest: digest(yield* hash(place.location)) }
  }).pipe(UserPath.named(name))

  const checkDigest = (location: string, found: string, expected: string) =>
    found === expected
      ? Effect.void
      : fail(
          `no data has the digest ${expected}; ${location} has changed since it was located: its digest is now ${found}`
        )

  const assign = Effect.fnUntraced(function* (sources: Sources) {
    const [first, second] = sources
    if (second === undefined) {
      const problem = Split.emptyPart(split, first.count)
      if (problem !== undefined) return yield* fail(problem)
      const { test, train } = Split.parts(split, first.count, first.labels)
      return { counts: [train.length, test.length], order: [train, test] } satisfies Assignment as Assignment
    }
    const empty = first.count === 0 ? "training" : second.count === 0 ? "test" : undefined
    if (empty !== undefined) return yield* fail(`it has no ${empty} images`)
    const order = [indices(first.count), indices(second.count)] as const
    return { counts: [first.count, second.count], order } satisfies Assignment as Assignment
  })

  /** Decodes all images into what `allocate` gives. */
  const decode = Effect.fnUntraced(function* (
    sources: Sources,
    { counts, order }: Assignment,
    location: string,
    expected: string,
    allocate: Allocate<Error, Platform>
  ) {
    const images = [
      yield* allocate("train-images", counts[0] * pixels),
      yield* allocate("test-images", counts[1] * pixels)
    ] as const
    const placeIn = (part: 0 | 1, index: number) => images[part].subarray(index * pixels, (index + 1) * pixels)
    const [first, second] = sources
    const contents: Array<Content> = []
    if (second === undefined) {
      /** The place of each example in its part; below 0 for test examples, -1 for the first. */
      const places = new Int32Array(first.count)
      for (let index = 0; index < counts[0]; index++) places[order[0][index]!] = index
      for (let index = 0; index < counts[1]; index++) places[order[1][index]!] = -1 - index
      contents.push(
        yield* first.read((index) => {
          const place = places[index]!
          return place < 0 ? placeIn(1, -1 - place) : placeIn(0, place)
        })
      )
    } else {
      contents.push(yield* first.read((index) => placeIn(0, index)))
      contents.push(yield* second.read((index) => placeIn(1, index)))
    }
    const found = digest(contents.map((content) => content.hash))
    yield* checkDigest(location, found, expected)
    const wrong = contents.find((content) => content.problem !== undefined)
    if (wrong?.problem !== undefined) return yield* fail(`${location}: ${wrong.problem}`)
    const examples = (part: 0 | 1): Examples => {
      const { labels } = sources[second === undefined ? 0 : part]!
      const places = order[part]
      return {
        count: counts[part],
        images: images[part],
        ...(labels !== undefined && { labels: Uint8Array.from(places, (index) => labels[index]!) })
      }
    }
    return { train: examples(0), test: examples(1) } satisfies LoadedDataset as LoadedDataset
  })

  const load = Effect.fn("UserDataset.load")(function* (location: string, expected: string) {
    if (problem !== undefined) return yield* fail(problem)
    const sources = yield* open(location)
    const assignment = yield* Effect.tapError(assign(sources), () =>
      Effect.flatMap(hash(location), (hashes) => checkDigest(location, digest(hashes), expected))
    )
    const make = (allocate: Allocate<Error, Platform>) => decode(sources, assignment, location, expected, allocate)
    const bytes = (assignment.counts[0] + assignment.counts[1]) * pixels
    return yield* bytes <= (yield* DataMemory).bytes ? make(inMemory(name)) : loadPrepared(name, expected, make)
  })

  return {
    spec: {
      ...definition.spec,
      shape: [height, width, channels],
      ...(definition.classes !== undefined && { classes: definition.classes }),
      ...(!isDivided && { split })
    },
    name,
    shape,
    peek: locate,
    locate,
    load: (located) => load(located.location, located.digest).pipe(UserPath.named(name))
  }
}
