/**
 * Your own images in a folder: PNG, JPEG and WebP files, subfolders included; with labels, one subfolder per class.
 *
 * The size is an option, because a dataset's shape is known before anything is read. Images of another size are an
 * error that names them, or are resized with the option `resize`. The digest covers the files' bytes in order, the
 * image options, the version of the decoding library, and the split.
 */
import { Effect, FileSystem, Layer, type Path, type PlatformError, Result } from "effect"
import { Dataset, DatasetError, type ImageShape, Labels, type LoadedDataset } from "../Dataset.ts"
import { digestOf, sha256 } from "../Spec.ts"
import * as UserPath from "./UserPath.ts"
import { decode, type Decoded, decoder, type ImageFileError, type Resize } from "./ImageFile.ts"
import { list, type ListedImage, some } from "./ImageListing.ts"
import * as Split from "./Split.ts"

export interface ImageFolderOptions extends Split.SplitOptions {
  /** An absolute path, or one relative to the data directory or else to the working directory. */
  readonly folder: string
  /** In pixels. */
  readonly height: number
  /** In pixels. */
  readonly width: number
  /** 1 converts every image to grey, 3 to RGB; default: 3. */
  readonly channels?: 1 | 3
  /** How to resize an image of another size: `crop` its centre or `stretch` it; default: an error. */
  readonly resize?: Resize
  /** For titles and messages; default: the folder's name. */
  readonly name?: string
}

export interface LabelledOptions extends ImageFolderOptions {
  /** Names of the subfolders, at most 256. The index is the label. */
  readonly classes: ReadonlyArray<string>
}

/** The result of reading one file. */
interface Read {
  readonly image: ListedImage
  readonly sha256: string
  /** Why it cannot be used. */
  readonly fault?: { readonly kind: "size" | "content"; readonly text: string }
}

/** A larger file is not a photograph. */
const maximumFileBytes = 2 ** 28

const maximumImageBytes = 2 ** 31 - 1

/** Number of files read concurrently. */
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
  if (folder === "") return "folder must be the path of a folder, found an empty string"
  if (classes !== undefined && (classes.length < 1 || classes.length > 256 || new Set(classes).size < classes.length)) {
    return `classes must be 1 to 256 different names, found ${classes.length}: ${some(classes)}`
  }
  return Split.faultOf(split)
}

/** Reads one file into its position in the array of images. */
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

/** An error that names all unusable files. */
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
        `no data has the digest ${expected}; ${location} has changed since it was located: its digest is now ${found}`
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

/** Provides all images of a folder and its subfolders, without labels. */
export const layer = (options: ImageFolderOptions): Layer.Layer<Dataset> => Layer.sync(Dataset, () => make(options))

/** Provides the images of a folder whose subfolders are the classes. */
export const labelled = (options: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, options.classes)),
    Layer.succeed(Labels, { classes: options.classes })
  )
