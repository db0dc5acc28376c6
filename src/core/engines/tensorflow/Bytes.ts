/**
 * Bytes in TensorFlow's memory. TensorFlow.js has no type for them: to a program they are integers, of which the package
 * would keep four bytes each.
 *
 * Laws: bytes that come in, and those gathered from them, are kept as bytes; an operation that cannot take bytes is given
 * them widened, for this one time. An operation that fails says which one it was.
 */
import type * as tf from "@tensorflow/tfjs-core"

interface Attribute {
  readonly name: string
  readonly type: unknown
  readonly value: unknown
}

/** What the package knows of a tensor. */
interface Held {
  dtype: unknown
  readonly shape: Array<number>
  /** Where TensorFlow has not been given them yet. */
  readonly values: tf.backend_util.BackendValues | null
}

type Execute<Result> = (
  name: string,
  attributes: Array<Attribute>,
  inputs: Array<tf.TensorInfo>,
  count: number
) => Result

/** The backend that the package registers, as far as the engine looks into it. */
export interface TensorFlowBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean
  /** TensorFlow's constants; its version. */
  readonly binding: { readonly TF_Version: string; readonly [constant: string]: unknown }
  readonly tensorMap: tf.DataStorage<Held>
  executeSingleOutput: Execute<tf.Tensor>
  executeMultipleOutputs: Execute<Array<tf.Tensor>>
}

/** Operations that take bytes first, with the attribute that says so. */
const takesBytes: Readonly<Record<string, string>> = { Cast: "SrcT", GatherV2: "Tparams" }

/** Makes a backend keep bytes. */
export const keepBytes = (backend: TensorFlowBackend): void => {
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_INT32, TF_UINT8 } = backend.binding
  const isByte = (input: tf.TensorInfo): boolean =>
    // Some inputs are 64-bit numbers of the package's own, which have no data.
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
