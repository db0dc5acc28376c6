/**
 * Tensors in the memory of a GPU, through onnxruntime's WebGPU provider.
 *
 * Laws: values go to the device once, before the first run that needs them, and come back where they are asked for; a
 * buffer is given back where other values take its place, where the scope of its placing closes, and with the engine,
 * but never while a run uses it.
 *
 * onnxruntime's binding for Node.js neither makes a buffer of given values nor reads one: both are done by graphs that
 * give back what they are given.
 */
import { Effect, Scope, type Semaphore } from "effect"
import type { EngineError } from "../../Engine.ts"
import type { DType, HostTensor } from "../../Tensors.ts"
import * as DeviceTensors from "../DeviceTensors.ts"
import { encode, outputName } from "./Encode.ts"
import { Tensor } from "./Library.ts"
import { input } from "../graph/Operators.ts"
import { type Device, engine, failed, open, toHost } from "./Session.ts"
import { toOrt } from "./DoubleBuffer.ts"

/** Where one tensor is. */
export class Cell {
  #current: Tensor

  constructor(tensor: HostTensor) {
    this.#current = toOrt(tensor)
  }

  get current(): Tensor {
    return this.#current
  }

  /** Lets a tensor on the device take the place of the present values, whose buffer is given back. */
  replace(tensor: Tensor): void {
    this.dispose()
    this.#current = tensor
  }

  /** Gives the device's buffer back. The cell must not be used afterwards. */
  dispose(): void {
    if (this.#current.location === "gpu-buffer") this.#current.dispose()
  }
}

export interface DeviceMemory {
  readonly place: DeviceTensors.DeviceTensors<Cell>["place"]
  readonly find: DeviceTensors.DeviceTensors<Cell>["find"]
  /** Brings to the device what is not there yet. For who has the engine's turn. */
  readonly bring: (cells: Iterable<Cell>) => Effect.Effect<void, EngineError>
}

/** A model that gives back a vector of any length. */
const echo = (dtype: DType): Uint8Array =>
  encode(
    { outputs: { x: input("x", dtype, [1]) } },
    { outputName, axes: () => ["length"], meanings: {}, name: "echo", description: "", metadata: {} }
  )

/** The same buffer, or the same values, as one vector. */
const flat = (tensor: Tensor): Tensor => {
  const dims = [tensor.size]
  if (tensor.location !== "gpu-buffer") return tensor.reshape(dims)
  return Tensor.fromGpuBuffer(tensor.gpuBuffer, { dataType: tensor.type as "float32", dims })
}

/** A vector on the device in another shape; it is the one to be disposed. */
const shaped = (vector: Tensor, dims: ReadonlyArray<number>): Tensor =>
  Tensor.fromGpuBuffer(vector.gpuBuffer, {
    dataType: vector.type as "float32",
    dims,
    dispose: () => vector.dispose()
  })

/** A device's memory until the scope closes. Errors: `EngineError` where there is no such device. */
export const make = Effect.fnUntraced(function* (device: Device, threads: number, turn: Semaphore.Semaphore) {
  const scope = yield* Effect.scope
  const cells = new Set<Cell>()
  let closed = false

  const sessionOf = (dtype: DType, staying: ReadonlyArray<string>) =>
    Effect.cached(Scope.provide(open("copy", echo(dtype), { device, threads, staying }), scope))
  const sessionsOf = (staying: ReadonlyArray<string>) =>
    Effect.all({
      float32: sessionOf("float32", staying),
      int32: sessionOf("int32", staying),
      uint8: sessionOf("uint8", staying)
    })
  const up = yield* sessionsOf([outputName("x")])
  const down = yield* sessionsOf([])
  // The first that asks for the device.
  yield* up.float32
  yield* Effect.addFinalizer(() =>
    turn.withPermit(
      Effect.sync(() => {
        closed = true
        cells.forEach((cell) => cell.dispose())
        cells.clear()
      })
    )
  )

  const whileOpen = Effect.suspend(() =>
    DeviceTensors.failIf(engine, "copy", closed ? "the engine that holds the tensors is closed" : undefined)
  )
  const copied = (sessions: typeof up, tensor: Tensor) =>
    Effect.uninterruptible(
      Effect.flatMap(sessions[tensor.type as DType], (session) =>
        Effect.tryPromise({ try: () => session.run({ x: flat(tensor) }), catch: failed("copy") })
      )
    ).pipe(Effect.map((results) => results[outputName("x")]!))

  const bring = Effect.fnUntraced(function* (wanted: Iterable<Cell>) {
    yield* whileOpen
    for (const cell of wanted) {
      const { dims, location, size } = cell.current
      // There are no empty buffers.
      if (location === "gpu-buffer" || size === 0) continue
      cell.replace(shaped(yield* copied(up, cell.current), dims))
    }
  })

  const { place, find } = DeviceTensors.make<Cell>({
    engine,
    acquire: (tensor) => {
      const cell = new Cell(tensor)
      cells.add(cell)
      return cell
    },
    release: (cell) => {
      // With the engine its cells have gone.
      if (cells.delete(cell)) cell.dispose()
    },
    read: (cell, { dtype, shape }) =>
      Effect.flatMap(whileOpen, () => {
        const onHost = (values: HostTensor["values"]): HostTensor => ({ shape, dtype, values })
        const { current } = cell
        return current.location === "gpu-buffer"
          ? Effect.map(copied(down, current), (vector) => onHost(toHost(vector).values))
          : Effect.succeed(onHost((current.data as HostTensor["values"]).slice()))
      }),
    exclusively: turn.withPermit
  })
  const memory: DeviceMemory = { place, find, bring }
  return memory
})
