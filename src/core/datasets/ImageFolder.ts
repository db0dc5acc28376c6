/**
 * Images of one's own in a folder: PNG, JPEG and WebP files, subfolders included; or one subfolder per class, for
 * labels.
 *
 * The size is asked for, as a dataset's shape is known before anything is read. Images of another size are refused by name,
 * or resized where that is asked for. The digest names the files' bytes in their order, what is made of them, the version of
 * the library that decodes them, and the split.
 */
import { Effect, FileSystem, Layer, type Path, type PlatformError, Result } from "effect"
import { Dataset, DatasetError, type ImageShape, Labels, type LoadedDataset } from "../Dataset.ts"
import { digestOf, sha256 } from "../Spec.ts"
import * as UserPath from "./UserPath.ts"
import { decode, type Decoded, decoder, type ImageFileError, type Resize } from "./ImageFile.ts"
import { list, type ListedImage, some } from "./ImageListing.ts"
import * as Split from "./Split.ts"

export interface ImageFolderOptions extends Split.SplitOptions {
  /** An absolute path, or one in the data directory or, failing that, in the working folder. */
  readonly folder: string
  /** In pixels. */
  readonly height: number
  /** In pixels. */
  readonly width: number
  /** 1 makes every image grey, 3 gives every image three colours; default: 3. */
  readonly channels?: 1 | 3
  /** What to do with an image of another size: `crop` its middle or `stretch` it; default: refused. */
  readonly resize?: Resize
  /** For titles and messages; default: the folder's name. */
  readonly name?: string
}

export interface LabelledOptions extends ImageFolderOptions {
  /** The names of the subfolders, at most 256: label 0 is the first. */
  readonly classes: ReadonlyArray<string>
}

/** What became of one file. */
interface Read {
  readonly image: ListedImage
  readonly sha256: string
  /** Why it cannot be used, where that is so. */
  readonly fault?: { readonly kind: "size" | "content"; readonly text: string }
}

/** A file above this is no photograph. */
const maximumFileBytes = 2 ** 28

const maximumImageBytes = 2 ** 31 - 1

/** Files that are read at once. */
const concurrency = 4

const faultOf = (
  { folder, height, width }: ImageFolderOptions,
  classes: ReadonlyArray<string> | undefined,
  split: Split.Split
): string | undefined => {
  for (const [name, value] of Object.entries({ height, width })) {
    if (!Number.isInteger(value) || value < 1 || value > 16_384) {
      return `${name} must be an integer from 1 to 16384, found ${value}`
    }
  }
  if (folder === "") return "folder must be the path of a folder, found nothing"
  if (classes !== undefined && (classes.length < 1 || classes.length > 256 || new Set(classes).size < classes.length)) {
    return `classes must be 1 to 256 different names, found ${classes.length}: ${some(classes)}`
  }
  return Split.faultOf(split)
}

/** Reads one file into its place among the images. */
const readInto = Effect.fnUntraced(function* (
  image: ListedImage,
  shape: ImageShape,
  resize: Resize | undefined,
  place: Uint8Array
) {
  const fs = yield* FileSystem.FileSystem
  const { size, type } = yield* fs.stat(image.path)
  if (type !== "File") return yield* new UserPath.NoFileError({ path: image.path, found: type.toLowerCase() })
  if (size > maximumFileBytes) {
    const text = `${image.name} (${size} bytes, expected at most ${maximumFileBytes})`
    const result: Read = { image, sha256: yield* UserPath.hash(image.path), fault: { kind: "content", text } }
    return result
  }
  const bytes = yield* fs.readFile(image.path)
  const fault = yield* Effect.match(decode(bytes, shape, resize), {
    onFailure: (error: ImageFileError): Read["fault"] => ({ kind: "content", text: `${image.name} (${error.reason})` }),
    onSuccess: (decoded: Decoded): Read["fault"] => {
      if (decoded._tag === "OtherSize") {
        return { kind: "size", text: `${image.name} (${decoded.height}x${decoded.width})` }
      }
      place.set(decoded.pixels)
      return undefined
    }
  })
  const result: Read = { image, sha256: sha256(bytes), ...(fault !== undefined && { fault }) }
  return result
})

/** All that cannot be used, by name. */
const complaint = (reads: ReadonlyArray<Read>, { height, width }: ImageShape): string | undefined => {
  const of = (wanted: "size" | "content") => reads.flatMap(({ fault }) => (fault?.kind === wanted ? [fault.text] : []))
  const [sizes, contents] = [of("size"), of("content")]
  if (contents.length > 0) {
    return `${contents.length} of ${reads.length} files cannot be read as images: ${some(contents)}; repair or remove them`
  }
  if (sizes.length === 0) return undefined
  const text = `expected images of ${height}x${width} pixels (height x width), found ${sizes.length} of ${reads.length} of`
  return `${text} another size: ${some(sizes)}; give resize: "crop" or "stretch", or remove them`
}

const make = (options: ImageFolderOptions, classes?: ReadonlyArray<string>): Dataset["Service"] => {
  const { channels = 3, folder, height, resize, width } = options
  const name = options.name ?? folder.split(/[/\\]/).findLast((part) => part !== "") ?? folder
  const split = Split.resolve(options)
  const fault = faultOf(options, classes, split)
  const shape = { height, width, channels }
  const pixels = height * width * channels
  const fail = (reason: string) => Effect.fail(new DatasetError({ dataset: name, reason }))
  const listed = Effect.fnUntraced(function* (location: string) {
    const images = yield* list(name, location, classes)
    if (images.length * pixels <= maximumImageBytes) return images
    const found = `${images.length} of ${pixels} bytes each`
    return yield* fail(`${location}: expected images of at most ${maximumImageBytes} bytes in all, found ${found}`)
  })
  const digest = (hashes: ReadonlyArray<string>, images: ReadonlyArray<ListedImage>, library: string) =>
    digestOf({
      files: hashes,
      labels: classes === undefined ? null : images.map(({ label }) => label),
      shape: [height, width, channels],
      resize: resize ?? null,
      decoder: library,
      split
    })
  const locate = Effect.gen(function* () {
    if (fault !== undefined) return yield* fail(fault)
    const place = yield* UserPath.find(name, folder)
    const images = yield* listed(place.location)
    const hashes = yield* Effect.forEach(images, ({ path }) => UserPath.hash(path), { concurrency })
    return { ...place, digest: digest(hashes, images, yield* decoder) }
  }).pipe(UserPath.named(name))
  const load = Effect.fn("ImageFolder.load")(function* (
    location: string,
    expected: string
  ): Effect.fn.Return<
    LoadedDataset,
    DatasetError | UserPath.NoFileError | ImageFileError | PlatformError.PlatformError,
    FileSystem.FileSystem | Path.Path
  > {
    const images = yield* listed(location)
    const bytes = new Uint8Array(images.length * pixels)
    const read = (image: ListedImage, index: number) =>
      readInto(image, shape, resize, bytes.subarray(index * pixels, (index + 1) * pixels))
    const reads = yield* Effect.forEach(images, read, { concurrency })
    const hashes = reads.map((one) => one.sha256)
    const found = digest(hashes, images, yield* decoder)
    if (found !== expected) {
      return yield* fail(
        `no data has the digest ${expected}; ${location} is not what was located, it now gives ${found}`
      )
    }
    const wrong = complaint(reads, shape)
    if (wrong !== undefined) return yield* fail(`${location}: ${wrong}`)
    const labels = classes === undefined ? {} : { labels: Uint8Array.from(images, ({ label }) => label) }
    return yield* Result.match(Split.divide({ count: images.length, images: bytes, ...labels }, split), {
      onFailure: fail,
      onSuccess: Effect.succeed
    })
  })
  return {
    spec: {
      _tag: "ImageFolder",
      folder,
      shape: [height, width, channels],
      ...(resize !== undefined && { resize }),
      ...(classes !== undefined && { classes }),
      split
    },
    name,
    shape,
    peek: locate,
    locate,
    load: (located) => load(located.location, located.digest).pipe(UserPath.named(name))
  }
}

/** Provides all images beneath a folder, without labels. */
export const layer = (options: ImageFolderOptions): Layer.Layer<Dataset> => Layer.sync(Dataset, () => make(options))

/** Provides the images of a folder whose subfolders are the classes. */
export const labelled = (options: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, options.classes)),
    Layer.succeed(Labels, { classes: options.classes })
  )
