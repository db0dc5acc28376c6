/**
 * Your own images in a folder: PNG, JPEG and WebP files, subfolders included; with labels, one subfolder per class.
 *
 * Images of another size are an error that names them, or are resized with the option `resize`. The digest covers the
 * files' bytes in order, the image options, the version of the decoding library, and the split.
 */
import { Effect, FileSystem, Layer, Path } from "effect"
import { Dataset, Labels } from "../Dataset.ts"
import type { Detect } from "./Detected.ts"
import { commonShape, complaint, concurrency, decodeFileTo } from "./EncodedImages.ts"
import { decoder, type Resize } from "./ImageFile.ts"
import { list, type ListedImage } from "./ImageListing.ts"
import * as UserDataset from "./UserDataset.ts"
import * as UserPath from "./UserPath.ts"

export interface ImageFolderOptions extends UserDataset.UserDatasetOptions {
  /** An absolute path, or one relative to the data directory or else to the working directory. */
  readonly folder: string
  /** 1 converts every image to grey, 3 to RGB; default: 3. */
  readonly channels?: 1 | 3
  /** How to resize an image of another size: `crop` its centre or `stretch` it; default: an error. */
  readonly resize?: Resize
}

export interface LabelledOptions extends ImageFolderOptions {
  /** Names of the subfolders, at most 256. The index is the label. */
  readonly classes: ReadonlyArray<string>
}

const make = (options: ImageFolderOptions, classes?: ReadonlyArray<string>): Dataset["Service"] => {
  const { channels = 3, folder, height, resize, width } = options
  const shape = { height, width, channels }
  const hashOf = Effect.fnUntraced(function* (images: ReadonlyArray<ListedImage>, files: ReadonlyArray<string>) {
    return {
      files,
      labels: classes === undefined ? null : images.map(({ label }) => label),
      shape: [height, width, channels],
      resize: resize ?? null,
      decoder: yield* decoder
    }
  })
  const listed = (location: string) => list(options.name ?? folder, location, classes)
  return UserDataset.make({
    spec: { _tag: "ImageFolder", folder, ...(resize !== undefined && { resize }) },
    options,
    channels,
    path: folder,
    pathOption: "folder",
    classes,
    hash: Effect.fnUntraced(function* (location) {
      const images = yield* listed(location)
      return [yield* hashOf(images, yield* Effect.forEach(images, ({ path }) => UserPath.hash(path), { concurrency }))]
    }),
    open: Effect.fnUntraced(function* (location) {
      const images = yield* listed(location)
      const source: UserDataset.Source = {
        count: images.length,
        ...(classes !== undefined && { labels: Uint8Array.from(images, ({ label }) => label) }),
        read: Effect.fnUntraced(function* (place) {
          const decoded = yield* Effect.forEach(
            images,
            ({ name, path }, index) => decodeFileTo(name, path, shape, resize, place(index)),
            { concurrency }
          )
          const files = decoded.map((image) => image.sha256)
          return { hash: yield* hashOf(images, files), problem: complaint(decoded, shape) }
        })
      }
      return [source] as const
    })
  })
}

/** Provides all images of a folder and its subfolders, without labels. */
export const layer = (options: ImageFolderOptions): Layer.Layer<Dataset> => Layer.sync(Dataset, () => make(options))

/** Provides the images of a folder whose subfolders are the classes. */
export const labelled = (options: LabelledOptions): Layer.Layer<Dataset | Labels> =>
  Layer.merge(
    Layer.sync(Dataset, () => make(options, options.classes)),
    Layer.succeed(Labels, { classes: options.classes })
  )

/** A folder with images; with classes if every image is in a subfolder. */
export const detect: Detect = Effect.fnUntraced(function* (folder) {
  const fs = yield* FileSystem.FileSystem
  if ((yield* fs.stat(folder)).type !== "Directory") return undefined
  const { basename } = yield* Path.Path
  const images = yield* list(basename(folder), folder, undefined)
  const shape = yield* commonShape(images.map(({ path }) => fs.readFile(path)))
  if (shape === undefined) return undefined
  const parents = images.map(({ name }) => name.split("/"))
  const classes = [...new Set(parents.map(([first]) => first!))]
  const options = { folder, ...shape }
  return parents.every((parts) => parts.length > 1)
    ? {
        call: "ImageFolder.labelled",
        options: { ...options, classes },
        notes: [],
        layer: labelled({ ...options, classes })
      }
    : { call: "ImageFolder.layer", options, notes: [], layer: layer(options) }
})
