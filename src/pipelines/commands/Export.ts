/**
 * `exp export RUN --format onnx|safetensors|torch|keras`: a finished run's model in a folder of its own, with a model card
 * and, for PyTorch and Keras, a module that loads it.
 */
import { createRequire } from "node:module"
import { Console, Effect, FileSystem, Option, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { UsageError } from "../console/UsageError.ts"
import { modelCard } from "../exporting/ModelCard.ts"
import * as Safetensors from "../files/Safetensors.ts"
import * as Catalogue from "../inspection/Catalogue.ts"
import * as ModelFolder from "../store/ModelFolder.ts"
import type { Run } from "../store/Run.ts"
import { inspectionFlags } from "./Flags.ts"
import * as Target from "./Target.ts"

export const formats = ["onnx", "safetensors", "torch", "keras"] as const
export type Format = (typeof formats)[number]

const require = createRequire(import.meta.url)

/** The parameters at the end of training, by their names in the model. */
const parameters = Effect.fnUntraced(function* (run: Run, path: string) {
  const checkpoint = yield* run.checkpoint
  if (Option.isNone(checkpoint)) {
    return yield* new UsageError({ reason: `${path}: no checkpoint is left to take the parameters from` })
  }
  const tensors = Object.fromEntries(
    Object.entries(checkpoint.value.tensors).flatMap(([name, tensor]) =>
      name.startsWith("parameters/") ? [[name.slice("parameters/".length), tensor]] : []
    )
  )
  const encoded = Safetensors.encode({ tensors, metadata: { format: "effect-vae parameters 1", run: run.id } })
  return encoded._tag === "Failure"
    ? yield* new UsageError({ reason: `${path}: ${encoded.failure}` })
    : Buffer.concat([...encoded.success])
})

/** The files of a format by name. */
const filesOf = Effect.fnUntraced(function* (run: Run, format: Format) {
  if (format === "safetensors") return { "parameters.safetensors": yield* parameters(run, run.directory) }
  const fs = yield* FileSystem.FileSystem
  const network = Effect.fnUntraced(function* (which: "encoder" | "decoder") {
    const bytes = yield* ModelFolder.network(run.directory, which)
    if (Option.isSome(bytes)) return bytes.value
    return yield* new UsageError({ reason: `${run.directory} has no model/${which}.onnx` })
  })
  const prior = yield* ModelFolder.network(run.directory, "prior")
  const networks = {
    "encoder.onnx": yield* network("encoder"),
    "decoder.onnx": yield* network("decoder"),
    ...(Option.isSome(prior) && { "prior.onnx": prior.value })
  }
  if (format === "onnx") return networks
  const script = (name: string) => fs.readFile(require.resolve(`#export-${name}`))
  return { ...networks, "model_graph.py": yield* script("graph"), [`model_${format}.py`]: yield* script(format) }
})

export const command = Command.make(
  "export",
  {
    target: Argument.String("run").pipe(Argument.withDescription("A finished run: its id or path")),
    format: Flag.Literals("format", formats).pipe(
      Flag.withDescription("onnx and safetensors for any program; torch and keras with a module that loads the model"),
      Flag.withDefault("onnx" as const)
    ),
    out: Flag.String("out").pipe(
      Flag.withMetavar("FOLDER"),
      Flag.withDescription("A folder that does not exist yet (default: EXPERIMENT-ID-FORMAT)"),
      Flag.optional
    ),
    results: inspectionFlags.results
  },
  Effect.fn("Export.command")(function* ({ format, out, results, target }) {
    const fs = yield* FileSystem.FileSystem
    const { join, resolve } = yield* Path.Path
    const { run } = yield* Target.resolveRun(yield* Catalogue.read(results), target)
    const manifest = Option.getOrUndefined(yield* run.manifest)
    const card = Option.getOrUndefined(yield* ModelFolder.card(run.directory))
    if (manifest?.status !== "done" || card === undefined) {
      return yield* new UsageError({ reason: `${run.directory} has no finished model; run its experiment again` })
    }
    const folder = resolve(
      process.env["INIT_CWD"] ?? ".",
      Option.getOrElse(out, () => `${run.experiment}-${run.id}-${format}`)
    )
    if (yield* fs.exists(folder)) {
      return yield* new UsageError({ reason: `--out: ${folder} exists already; name a folder that does not exist yet` })
    }
    const files = yield* filesOf(run, format)
    const history = yield* run.history
    yield* fs.makeDirectory(folder, { recursive: true })
    for (const [name, bytes] of Object.entries(files)) yield* fs.writeFile(join(folder, name), bytes)
    yield* fs.writeFileString(join(folder, "README.md"), modelCard(card, manifest, history.at(-1), Object.keys(files)))
    yield* Console.log(folder)
  })
).pipe(Command.withDescription("Writes a run's model for other programs: ONNX, safetensors, PyTorch, Keras"))
