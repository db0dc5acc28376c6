/**
 * Tensors placed on a device.
 *
 * Laws: values go to the device once, before the first run that needs them, and come back when they are read; a buffer is
 * destroyed when other values take its place, when the scope of its placing closes, and with the engine.
 */
import { Effect } from "effect"
import type { EngineError } from "../../Engine.ts"
import type { HostTensor, TensorType } from "../../Tensors.ts"
import * as DeviceTensors from "../DeviceTensors.ts"
import type { Buffer, Client } from "./Client.ts"

/** Where one tensor is: on the host until the device needs it. */
export class Cell {
  readonly #client: Client
  #host: HostTensor | undefined
  #buffer: Buffer | undefined

  constructor(client: Client, host: HostTensor) {
    this.#client = client
    this.#host = host
  }

  /** The buffer on the device, to which the values are copied if they are not there. Throws `PjrtError`. */
  bring(): Buffer {
    if (this.#buffer === undefined) {
      if (this.#host === undefined) throw new Error("the values were lost in a run that failed; place them again")
      this.#buffer = this.#client.upload(this.#host)
      this.#host = undefined
    }
    return this.#buffer
  }

  /** Lets a buffer with new values take the place of the present one. */
  replace(buffer: Buffer): void {
    this.dispose()
    this.#buffer = buffer
  }

  /** Notes that the device has given the values up. */
  dispose(): void {
    if (this.#buffer !== undefined) this.#client.destroy(this.#buffer)
    this.#buffer = undefined
    this.#host = undefined
  }

  /** A copy of the present values. */
  read(type: TensorType): Promise<HostTensor> {
    if (this.#host !== undefined) return Promise.resolve({ ...type, values: this.#host.values.slice() })
    return this.#client.download(this.bring(), type)
  }
}

export interface DeviceMemory {
  readonly place: DeviceTensors.DeviceTensors<Cell>["place"]
  readonly find: DeviceTensors.DeviceTensors<Cell>["find"]
  /** Why nothing can be run any more; nothing while the engine is open. */
  readonly closed: () => string | undefined
}

/** A client's memory until the scope closes. */
export const make = Effect.fnUntraced(function* (
  engine: string,
  client: Client,
  failed: (program: string) => (cause: unknown) => EngineError
) {
  const cells = new Set<Cell>()
  let isClosed = false
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      cells.forEach((cell) => cell.dispose())
      cells.clear()
    })
  )
  const closed = () => (isClosed ? "the engine that holds the tensors is closed" : undefined)
  const { find, place } = DeviceTensors.make<Cell>({
    engine,
    acquire: (tensor) => {
      const cell = new Cell(client, tensor)
      cells.add(cell)
      return cell
    },
    release: (cell) => {
      if (cells.delete(cell)) cell.dispose()
    },
    read: (cell, type) =>
      Effect.flatMap(
        Effect.suspend(() => DeviceTensors.failIf(engine, "read", closed())),
        () => Effect.tryPromise({ try: async () => cell.read(type), catch: failed("read") })
      )
  })
  const memory: DeviceMemory = { place, find, closed }
  return memory
})
