/**
 * Which engine runs the programs: the one asked for, or the fastest that works on this machine.
 */
import { Context, Layer } from "effect"
import { Engine, type EngineError } from "../../core/Engine.ts"
import * as OnnxRuntime from "../../core/engines/OnnxRuntime.ts"
import * as Reference from "../../core/engines/Reference.ts"
import { Progress } from "../console/Progress.ts"

/** What `--engine` may say. */
export const names = ["auto", "onnxruntime", "reference"] as const

const say = (text: string) => Progress.use((progress) => progress.line(text))

/** Says in one line which engine was picked, and why not a faster one. */
const announced = <E, R>(layer: Layer.Layer<Engine, E, R>, why = ""): Layer.Layer<Engine, E, R | Progress> =>
  Layer.tap(layer, (context) => {
    const { _tag, device } = Context.get(context, Engine).spec
    return say(`engine: ${_tag} on ${device}${why}`)
  })

/** Provides the engine of this name, which computes with so many threads where it has several; all cores' unless given. */
export const layer = (name: (typeof names)[number], threads?: number): Layer.Layer<Engine, EngineError, Progress> => {
  const onnxRuntime = OnnxRuntime.layer(threads === undefined ? {} : { threads })
  switch (name) {
    case "onnxruntime":
      return announced(onnxRuntime)
    case "reference":
      return announced(Reference.layer)
    case "auto":
      return announced(onnxRuntime).pipe(
        Layer.catch((error) => announced(Reference.layer, ` (slow: onnxruntime does not work here: ${error.reason})`))
      )
  }
}
