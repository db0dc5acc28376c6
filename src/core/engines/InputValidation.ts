/**
 * Validation of the tensors that enter and leave an engine, shared by all engines.
 *
 * Each check returns undefined, or one sentence with the tensor, the found and the expected value.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { Results, Signature } from "../Engine.ts"
import { type DType, type HostTensor, type HostTensors, sizeOf, type TensorType, type TensorTypes } from "../Tensors.ts"

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array }

/** A host tensor of zeros. */
export const allocate = ({ shape, dtype }: TensorType): HostTensor => ({
  shape,
  dtype,
  values: new arrays[dtype](sizeOf(shape))
})

/** The element type inside a program of a host tensor's element type. */
export const programDType = (dtype: DType): "float32" | "int32" => (dtype === "uint8" ? "int32" : dtype)

/** The host element type of a program's result; `bool` becomes bytes 0 and 1. */
export const hostDType = (dtype: tf.DataType): DType | undefined =>
  dtype === "bool" ? "uint8" : dtype === "float32" || dtype === "int32" ? dtype : undefined

/** A type as text: `float32[128, 2]`. */
export const describe = ({ shape, dtype }: { readonly shape: ReadonlyArray<number>; readonly dtype: string }): string =>
  `${dtype}[${shape.join(", ")}]`

const sameShape = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis])

/** Checks that each tensor's values have the array type and the length of its type. */
export const checkValues = (kind: string, tensors: HostTensors): string | undefined => {
  for (const [name, tensor] of Object.entries(tensors)) {
    const expected = arrays[tensor.dtype]
    if (!(tensor.values instanceof expected) || tensor.values.length !== sizeOf(tensor.shape)) {
      const given = `${tensor.values.constructor.name} of ${tensor.values.length} values`
      return `${kind} "${name}" is declared ${describe(tensor)}, which is a ${expected.name} of ${sizeOf(tensor.shape)} values, but got a ${given}`
    }
  }
  return undefined
}

/** Checks that every declared tensor is present with the declared type. */
export const checkTypes = (kind: string, declared: TensorTypes, given: TensorTypes): string | undefined => {
  for (const [name, type] of Object.entries(declared)) {
    const found = given[name]
    if (found === undefined) {
      const names = Object.keys(given)
      return `${kind} "${name}" (${describe(type)}) is missing; given: ${names.length === 0 ? "none" : names.join(", ")}`
    }
    if (found.dtype !== type.dtype || !sameShape(found.shape, type.shape)) {
      return `${kind} "${name}" is ${describe(found)}, expected ${describe(type)}`
    }
  }
  return undefined
}

/** Checks that exactly the declared inputs are present, with the declared types and numbers of values. */
export const checkInputs = (declared: TensorTypes, given: HostTensors): string | undefined => {
  const unknown = Object.keys(given).find((name) => !(name in declared))
  if (unknown !== undefined) {
    const names = Object.keys(declared)
    return `input "${unknown}" is not in the signature, which has ${names.length === 0 ? "no inputs" : names.join(", ")}`
  }
  return checkTypes("input", declared, given) ?? checkValues("input", given)
}

/** Checks that new state has its declared type, and that outputs have a host element type. */
export const checkResults = (signature: Signature, results: Results): string | undefined => {
  for (const [name, tensor] of Object.entries(results.state ?? {})) {
    const declared = signature.state[name]
    if (declared === undefined) return `the program returns state "${name}", which the signature does not declare`
    if (declared.dtype === "uint8") return `state "${name}" is uint8, which a program may read but not replace`
    if (tensor.dtype !== declared.dtype || !sameShape(tensor.shape, declared.shape)) {
      return `the program returns state "${name}" as ${describe(tensor)}, expected ${describe(declared)}`
    }
  }
  const foreign = Object.entries(results.outputs).find(([, tensor]) => hostDType(tensor.dtype) === undefined)
  return foreign && `output "${foreign[0]}" is ${describe(foreign[1])}; an output is float32, int32 or bool`
}
