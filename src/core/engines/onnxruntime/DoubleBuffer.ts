/**
 * Where the engine keeps one tensor: the present values, and a second buffer for the next ones where a program replaces
 * them.
 */
import type { HostTensor, TensorType } from "../../Tensors.ts"
import { allocate } from "../InputValidation.ts"
import { Tensor } from "./Library.ts"

/** The host's values as onnxruntime sees them; no copy. */
export const toOrt = ({ shape, dtype, values }: HostTensor): Tensor => new Tensor(dtype, values, shape)

export class DoubleBuffer {
  #current: Tensor
  /** The buffer for the next values; never the host's own, which is only read. */
  #spare: Tensor | undefined
  #ownsCurrent = false
  /** The buffer over memory in which the values can be updated in place. */
  #home: { readonly values: HostTensor["values"]; readonly tensor: Tensor } | undefined

  constructor(tensor: HostTensor) {
    this.#current = toOrt(tensor)
  }

  get current(): Tensor {
    return this.#current
  }

  /** Where the next values are to be written. */
  next(type: TensorType): Tensor {
    return (this.#spare ??= toOrt(allocate(type)))
  }

  /** Makes what was written to `next` the present values. */
  swap(): void {
    const written = this.#spare
    if (written === undefined) return
    this.#spare = this.#ownsCurrent ? this.#current : undefined
    this.#current = written
    this.#ownsCurrent = true
  }

  /** Sees to it that the present values are in the memory at the offset, where they may be written in place. */
  settle(memory: ArrayBuffer, offset: number): void {
    const { data, dims, type } = this.#current
    const values = data as HostTensor["values"]
    if (this.#home?.values.buffer !== memory) {
      // Each kind of array makes one of its own kind over other memory.
      const home = new (values.constructor as Float32ArrayConstructor)(memory, offset, values.length)
      this.#home = { values: home, tensor: new Tensor(type as "float32", home, dims) }
    }
    if (this.#current === this.#home.tensor) return
    this.#home.values.set(values)
    this.#current = this.#home.tensor
    this.#spare = undefined
    this.#ownsCurrent = true
  }

  /** A copy of the present values. */
  read({ shape, dtype }: TensorType): HostTensor {
    return { shape, dtype, values: (this.#current.data as HostTensor["values"]).slice() }
  }
}
