import { assert, describe, it } from "@effect/vitest"
import type * as tf from "@tensorflow/tfjs-core"
import { simplify } from "../../../src/core/engines/graph/Simplify.ts"
import { trace } from "../../../src/core/engines/graph/Trace.ts"
import { instructionSets } from "../../../src/core/engines/native/InstructionSets.ts"
import { plan } from "../../../src/core/engines/native/Plan.ts"
import { splitUpdate } from "../../../src/core/engines/onnxruntime/FusedUpdate.ts"
import type { Optimizer } from "../../../src/core/Optimizer.ts"
import { prefixed, type TensorTypes, under } from "../../../src/core/Tensors.ts"
import { optimizers } from "./Optimizers.ts"

const types: TensorTypes = {
  "dense/kernel": { shape: [6, 8], dtype: "float32" },
  "dense/bias": { shape: [8], dtype: "float32" }
}

/** The graph of one update, with gradients as inputs. */
const graphOf = (optimizer: Optimizer) =>
  simplify(
    trace(
      {
        name: "update",
        run: ({ state, inputs }) => {
          const next = optimizer.update({
            parameters: under("parameters/", state),
            state: under("optimizer/", state),
            gradients: under("gradients/", inputs),
            step: inputs["step"] as tf.Scalar,
            stepsPerEpoch: 10
          })
          return {
            state: { ...prefixed("parameters/", next.parameters), ...prefixed("optimizer/", next.state) },
            outputs: {}
          }
        }
      },
      {
        state: { ...prefixed("parameters/", types), ...prefixed("optimizer/", optimizer.state(types)) },
        data: {},
        inputs: { ...prefixed("gradients/", types), step: { shape: [], dtype: "float32" } }
      }
    )
  )

describe("optimisers", () => {
  it.each(Object.entries(optimizers))("%s is one loop in place for each parameter on onnxruntime", (_, optimizer) => {
    const { graph, updates } = splitUpdate(graphOf(optimizer))
    assert.lengthOf(updates, Object.keys(types).length)
    const written = updates.flatMap(({ stores }) => stores)
    assert.sameMembers(written, [
      ...Object.keys(prefixed("parameters/", types)),
      ...Object.keys(prefixed("optimizer/", optimizer.state(types)))
    ])
    assert.isEmpty(Object.keys(graph.outputs).filter((path) => path.startsWith("state/")))
  })

  it.each(Object.entries(optimizers))("%s is compiled whole by the native engine, in place", (name, optimizer) => {
    // Planning needs no special processor; it raises `Unsupported` for an operator without machine code.
    for (const set of instructionSets) {
      const planned = plan(graphOf(optimizer), 1, set)
      assert.sameMembers(
        [...planned.written],
        [...Object.keys(prefixed("parameters/", types)), ...Object.keys(prefixed("optimizer/", optimizer.state(types)))]
      )
      // The scalars and the loops; before them, where there is one, the norm of all gradients. A copy would be one more.
      assert.isAtMost(planned.phases.length, name === "clipped Adam" ? 3 : 2)
    }
  })
})
