/**
 * `exp data check PATH`: what a folder or file of images holds, whether it can be read, and how an experiment declares it.
 */
import { Console, Effect, FileSystem, Option, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Json } from "../../core/Spec.ts"
import { detect } from "../../core/datasets/UserFormats.ts"
import * as DataCheck from "../inspection/DataCheck.ts"

/** A value as TypeScript. */
const literal = (value: Json): string =>
  Array.isArray(value) ? `[${value.map(literal).join(", ")}]` : JSON.stringify(value)

/** The line of an experiment that declares the dataset. */
const declaration = (call: string, options: Readonly<Record<string, Json>>): string =>
  `dataset: ${call}({ ${Object.entries(options)
    .map(([name, value]) => `${name}: ${literal(value)}`)
    .join(", ")} })`

const check = Command.make(
  "check",
  {
    path: Argument.String("path").pipe(
      Argument.withDescription("A folder of images, or a .npy, .npz, IDX, .csv or .parquet file")
    ),
    out: Flag.String("out").pipe(
      Flag.withMetavar("FILE"),
      Flag.withDescription("The contact sheet, a PNG (default: NAME-contact-sheet.png)"),
      Flag.optional
    )
  },
  Effect.fn("Data.check")(function* ({ out, path: given }) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = process.env["INIT_CWD"] ?? "."
    const place = path.resolve(folder, given)
    const { call, layer, notes, options } = yield* detect(place)
    const { facts, sheet } = yield* DataCheck.describe.pipe(Effect.provide(layer, { local: true }))
    const file = path.resolve(
      folder,
      Option.getOrElse(out, () => `${path.basename(place)}-contact-sheet.png`)
    )
    yield* fs.writeFile(file, sheet)
    yield* Console.log(place)
    for (const [what, words] of facts) yield* Console.log(`  ${what.padEnd(9)}${words}`)
    for (const note of notes) yield* Console.log(`  ${"note".padEnd(9)}${note}`)
    yield* Console.log(`  ${"sheet".padEnd(9)}${file}\n`)
    yield* Console.log(`import { ${call.split(".")[0]} } from "effect-vae"\n${declaration(call, options)}`)
  })
).pipe(
  Command.withDescription("Reads images, reports their number, shape, values and classes, and writes a contact sheet")
)

export const command = Command.make("data").pipe(
  Command.withDescription("Checks your own images before an experiment uses them"),
  Command.withSubcommands([check])
)
