/**
 * A TensorFlow.js backend whose kernels record operations instead of computing. TensorFlow.js's operations and
 * gradients run on it unchanged.
 *
 * Law: unsupported kernels and reads of values throw `NotRecordable`.
 */
import * as tf from "@tensorflow/tfjs-core"
import { useBackend } from "../Backend.ts"
import type { Elements, Value } from "./Graph.ts"
import { type Kernels, NotRecordable } from "./Kernel.ts"
import { elementType } from "./kernels/Movement.ts"
import { kernels } from "./Kernels.ts"
import * as Op from "./Operators.ts"

type HostValues = tf.backend_util.BackendValues

interface Recorded {
  readonly value: Value
  /** The values of a tensor that the program created from numbers. */
  readonly host: HostValues | undefined
  references: number
}

/** A constant. If all elements are equal, it is an expanded scalar, which operators use as a scalar. */
const constantOf = (values: HostValues, shape: ReadonlyArray<number>, dtype: tf.DataType): Value => {
  const type = elementType(dtype)
  const elements: Elements =
    type === "float32" ? Float32Array.from(values as Float32Array) : Int32Array.from(values as Int32Array)
  const typed = type === "bool" ? Uint8Array.from(elements) : elements
  const first = typed[0]
  return typed.length > 1 && typed.every((element) => Object.is(element, first))
    ? Op.expand(Op.scalar(first!, type), shape)
    : Op.constant(type, shape, typed)
}

class Recorder extends tf.KernelBackend {
  readonly #recorded = new tf.DataStorage<Recorded>(this, tf.engine())

  /** The graph value of a tensor. */
  graphValue({ dataId, shape }: tf.TensorInfo): Value {
    return Op.reshape(this.#recorded.get(dataId).value, shape)
  }

  /** A tensor that represents a graph value. */
  toTensorInfo(value: Value, host?: HostValues): tf.TensorInfo {
    const dataId = {}
    this.#recorded.set(dataId, { value, host, references: 1 })
    const dtype = value.type === "float32" || value.type === "bool" ? value.type : "int32"
    return { dataId, shape: [...value.shape], dtype }
  }

  override write(values: HostValues, shape: Array<number>, dtype: tf.DataType): object {
    return this.toTensorInfo(constantOf(values, shape, dtype), values).dataId
  }

  override move(
    dataId: object,
    values: HostValues,
    shape: Array<number>,
    dtype: tf.DataType,
    references: number
  ): void {
    this.#recorded.set(dataId, { value: constantOf(values, shape, dtype), host: values, references })
  }

  override readSync(dataId: object): HostValues {
    const { host } = this.#recorded.get(dataId)
    if (host !== undefined) return host
    throw new NotRecordable(
      "the program reads the values of a tensor (dataSync, data, array, print or similar), which are not known while it is recorded; use operations instead"
    )
  }

  override read(dataId: object): Promise<HostValues> {
    return Promise.resolve(this.readSync(dataId))
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.#recorded.has(dataId)) return true
    const recorded = this.#recorded.get(dataId)
    recorded.references--
    if (!force && recorded.references > 0) return false
    this.#recorded.delete(dataId)
    return true
  }

  override incRef(dataId: object): void {
    this.#recorded.get(dataId).references++
  }

  override refCount(dataId: object): number {
    return this.#recorded.has(dataId) ? this.#recorded.get(dataId).references : 0
  }

  override numDataIds(): number {
    return this.#recorded.numDataIds()
  }

  override floatPrecision(): 16 | 32 {
    return 32
  }

  override timerAvailable(): boolean {
    return false
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true }
  }

  override dispose(): void {}
}

/** Kernels of TensorFlow.js's plain backend that are not recorded; each throws an error with its name. */
const refuse = (backendName: string, kernelName: string): void =>
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: () => {
      throw new NotRecordable(
        `kernel ${kernelName} is not recorded; write the program with other operations or run it on the reference engine`
      )
    }
  })

interface Registered {
  readonly backendName: string
  readonly recorder: Recorder
}

const register = (backendName: string, kernels: Kernels): Registered => {
  const recorder = new Recorder()
  tf.registerBackend(backendName, () => recorder, 0)
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        // Some kernels have an array of inputs, which are named 0, 1, and so on.
        const values = Object.entries(inputs).flatMap(([name, info]) =>
          // Inputs may be missing, contrary to the types.
          info === undefined || info === null ? [] : [[name, recorder.graphValue(info)] as const]
        )
        const result = kernel(Object.fromEntries(values), attrs)
        return "kind" in result ? recorder.toTensorInfo(result) : result.map((value) => recorder.toTensorInfo(value))
      }
    })
  }
  for (const { kernelName } of tf.getKernelsForBackend("cpu"))
    if (!(kernelName in kernels)) refuse(backendName, kernelName)
  return { backendName, recorder }
}

/** One backend per table of kernels. */
const registered = new Map<Kernels, Registered>()

/** Conversions between tensors and graph values during a recording. */
export interface Recording {
  /** A tensor that represents a graph value. */
  readonly tensor: (value: Value) => tf.Tensor
  /** The graph value that a tensor represents. */
  readonly value: (tensor: tf.Tensor) => Value
}

/**
 * Runs `f`, in which TensorFlow.js records with the table of kernels. Afterwards its tensors are disposed and the
 * previous backend is restored.
 */
export const record = <A>(f: (recording: Recording) => A, table: Kernels = kernels): A => {
  const previous = tf.getBackend()
  const { backendName, recorder } = registered.get(table) ?? register(`recorder ${registered.size}`, table)
  registered.set(table, { backendName, recorder })
  let result: { readonly value: A } | undefined
  try {
    useBackend(backendName)
    // The result is hidden from tidy, which would search it for tensors.
    tf.tidy(() => {
      result = {
        value: f({
          tensor: (value) => tf.engine().makeTensorFromTensorInfo(recorder.toTensorInfo(value), recorder),
          value: (tensor) => recorder.graphValue(tensor)
        })
      }
    })
  } finally {
    if (previous) useBackend(previous)
  }
  return result!.value
}
