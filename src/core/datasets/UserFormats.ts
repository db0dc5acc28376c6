/**
 * The formats of a person's own images, in the order in which a path is tried.
 */
import { Effect, FileSystem, Path } from "effect"
import { DatasetError } from "../Dataset.ts"
import * as CsvImages from "./CsvImages.ts"
import type { Detect, Detected } from "./Detected.ts"
import * as IdxArrays from "./IdxArrays.ts"
import * as ImageFolder from "./ImageFolder.ts"
import * as NumpyImages from "./NumpyImages.ts"
import * as ParquetImages from "./ParquetImages.ts"
import * as UserPath from "./UserPath.ts"

const formats: ReadonlyArray<Detect> = [
  NumpyImages.detect,
  IdxArrays.detect,
  CsvImages.detect,
  ParquetImages.detect,
  ImageFolder.detect
]

/** Finds the declaration of a dataset that reads what is at a path. */
export const detect = Effect.fn("UserFormats.detect")(function* (given: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const dataset = path.basename(given)
  const fail = (reason: string) => new DatasetError({ dataset, reason })
  if (!(yield* fs.exists(given))) return yield* fail(`${given} does not exist`)
  for (const format of formats) {
    const found: Detected | undefined = yield* UserPath.named(dataset)(format(given))
    if (found !== undefined) return found
  }
  return yield* fail(
    `${given} has no images that can be read: expected a folder of PNG, JPEG or WebP files, a .npy or .npz array [count, height, width] or [count, height, width, 1 or 3], an IDX file, a .csv file of paths, or parquet files`
  )
}, Effect.scoped)
