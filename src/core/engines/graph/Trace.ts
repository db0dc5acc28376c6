/**
 * Traces a program: runs it once on the recorder and returns its graph.
 *
 * Graph inputs are named `state/NAME`, `data/NAME` and `inputs/NAME`, graph outputs `state/NAME` and `outputs/NAME`.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Program, Signature } from "../../Engine.ts"
import { isStacked } from "../../Stack.ts"
import type { Tensors, TensorTypes } from "../../Tensors.ts"
import { checkResults } from "../InputValidation.ts"
import { batch } from "./Batching.ts"
import type { Graph, Value } from "./Graph.ts"
import { type Kernels, NotRecordable, widen } from "./Kernel.ts"
import { kernels } from "./Kernels.ts"
import { input } from "./Operators.ts"
import { record } from "./Recorder.ts"

const traceOne = (program: Program, signature: Signature, table: Kernels): Graph =>
  record(({ tensor, value }) => {
    const declare = (kind: string, types: TensorTypes): Tensors =>
      Object.fromEntries(
        Object.entries(types).map(([name, { shape, dtype }]) => [name, tensor(input(`${kind}/${name}`, dtype, shape))])
      )
    const results = program.run({
      state: declare("state", signature.state),
      data: declare("data", signature.data),
      inputs: declare("inputs", signature.inputs)
    })
    const reason = checkResults(signature, results)
    if (reason !== undefined) throw new NotRecordable(reason)
    const named = (kind: string, tensors: Readonly<Record<string, tf.Tensor>>): Array<[string, Value]> =>
      Object.entries(tensors).map(([name, result]) => [`${kind}/${name}`, widen(value(result))])
    return {
      outputs: Object.fromEntries([...named("state", results.state ?? {}), ...named("outputs", results.outputs)])
    }
  }, table)

/**
 * Uses the table of kernels; the runs of a stacked program become one graph. Throws `NotRecordable`, or an error of the
 * program.
 */
export const trace = (program: Program, signature: Signature, table: Kernels = kernels): Graph =>
  isStacked(program)
    ? batch(
        program.runs.map((run) => traceOne(run, program.signature, table)),
        (name) => !name.startsWith("data/")
      )
    : traceOne(program, signature, table)
