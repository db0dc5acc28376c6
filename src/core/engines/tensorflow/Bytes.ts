/**
 * Keeps `uint8` tensors as bytes in TensorFlow's memory. TensorFlow.js has no type for them: to a program they are
 * integers, which the package would store in four bytes each.
 *
 * Laws: `uint8` arguments and values gathered from them stay bytes; other operations get a temporary widened copy. An
 * error names the operation.
 */
import type * as tf from "@tensorflow/tfjs-core"

interface Attribute {
  readonly name: string
  readonly type: unknown
  readonly value: unknown
}

/** The package's record of a tensor. */
interface Held {
  dtype: unknown
  readonly shape: Array<number>
  /** The values, until they are copied to TensorFlow. */
  readonly values: tf.backend_util.BackendValues | null
}

type Execute<Result> = (
  name: string,
  attributes: Array<Attribute>,
  inputs: Array<tf.TensorInfo>,
  count: number
) => Result

/** The used part of the backend that the package registers. */
export interface TensorFlowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean
  /** TensorFlow's constants and version. */
  readonly binding: { readonly TF_Version: string; readonly [constant: string]: unknown }
  readonly tensorMap: tf.DataStorage<Held>
  executeSingleOutput: Execute<tf.Tensor>
  executeMultipleOutputs: Execute<Array<tf.Tensor>>
}

/** Operations whose first operand may be bytes, with the attribute of its type. */
const takesBytes: Readonly<Record<string, string>> = { Cast: "SrcT", GatherV2: "Tparams" }

/** Patches a backend to keep bytes. */
export const keepBytes = (backend: TensorFlowBackend): void => {
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_INT32, TF_UINT8 } = backend.binding
  const isByte = (input: tf.TensorInfo): boolean =>
    // Some inputs are 64-bit numbers of the package, without data.
    input.dataId !== undefined && backend.tensorMap.get(input.dataId).dtype === TF_UINT8

  const move = backend.move.bind(backend)
  backend.move = (dataId, values, shape, dtype, references) => {
    move(dataId, values, shape, dtype, references)
    if (dtype === "int32" && values instanceof Uint8Array) backend.tensorMap.get(dataId).dtype = TF_UINT8
  }

  const execute = backend.executeSingleOutput.bind(backend)
  const widen = (input: tf.TensorInfo): tf.Tensor =>
    execute(
      "Cast",
      [
        { name: "SrcT", type: TF_ATTR_TYPE, value: TF_UINT8 },
        { name: "DstT", type: TF_ATTR_TYPE, value: TF_INT32 },
        { name: "Truncate", type: TF_ATTR_BOOL, value: false }
      ],
      [input],
      1
    )

  // The package cannot read bytes.
  const readSync = backend.readSync.bind(backend)
  backend.readSync = (dataId) => {
    const { dtype, shape, values } = backend.tensorMap.get(dataId)
    if (dtype !== TF_UINT8 || values !== null) return readSync(dataId)
    const wide = widen({ dataId, shape, dtype: "int32" })
    const read = readSync(wide.dataId)
    wide.dispose()
    return read
  }

  const mended =
    <Result>(run: Execute<Result>): Execute<Result> =>
    (name, attributes, inputs, count) => {
      const typeName = takesBytes[name]
      const asBytes = typeName !== undefined && isByte(inputs[0]!)
      const typed = asBytes
        ? attributes.map((attribute) => (attribute.name === typeName ? { ...attribute, value: TF_UINT8 } : attribute))
        : attributes
      const given = inputs.map((input, index) => ((asBytes && index === 0) || !isByte(input) ? input : widen(input)))
      try {
        return run(name, typed, given, count)
      } catch (cause) {
        const said = cause instanceof Error ? cause.message : String(cause)
        throw new Error(`${name}: ${said.replace(/^Invalid TF_Status: \d+\s*Message: /, "")}`, { cause })
      }
    }
  backend.executeSingleOutput = mended(execute)
  backend.executeMultipleOutputs = mended(backend.executeMultipleOutputs.bind(backend))
}
