/**
 * The double buffer of a resident tensor: the current values, and a second buffer for new ones if a program replaces
 * them.
 */
import type { HostTensor, TensorType } from "../../Tensors.ts"
import { allocate } from "../InputValidation.ts"
import { Tensor } from "./Library.ts"

/** Converts a host tensor to onnxruntime's, without a copy. */
export const toOrt = ({ shape, dtype, values }: HostTensor): Tensor => new Tensor(dtype, values, shape)

export class DoubleBuffer {
  #current: Tensor
  /** The buffer for new values; never the host's array, which is only read. */
  #spare: Tensor | undefined
  #ownsCurrent = false
  /** The buffer in an arena, where the values can be updated in place. */
  #home: { readonly values: HostTensor["values"]; readonly tensor: Tensor } | undefined

  constructor(tensor: HostTensor) {
    this.#current = toOrt(tensor)
  }

  get current(): Tensor {
    return this.#current
  }

  /** The buffer to which the new values are written. */
  next(type: TensorType): Tensor {
    return (this.#spare ??= toOrt(allocate(type)))
  }

  /** Swaps the buffers after new values were written to `next`. */
  swap(): void {
    const written = this.#spare
    if (written === undefined) return
    this.#spare = this.#ownsCurrent ? this.#current : undefined
    this.#current = written
    this.#ownsCurrent = true
  }

  /** Moves the current values to `offset` in the memory, where they can be updated in place. */
  settle(memory: ArrayBuffer, offset: number): void {
    const { data, dims, type } = this.#current
    const values = data as HostTensor["values"]
    if (this.#home?.values.buffer !== memory) {
      // A typed array of the same kind on the arena's memory.
      const home = new (values.constructor as Float32ArrayConstructor)(memory, offset, values.length)
      this.#home = { values: home, tensor: new Tensor(type as "float32", home, dims) }
    }
    if (this.#current === this.#home.tensor) return
    this.#home.values.set(values)
    this.#current = this.#home.tensor
    this.#spare = undefined
    this.#ownsCurrent = true
  }

  /** A copy of the current values. */
  read({ shape, dtype }: TensorType): HostTensor {
    return { shape, dtype, values: (this.#current.data as HostTensor["values"]).slice() }
  }
}
