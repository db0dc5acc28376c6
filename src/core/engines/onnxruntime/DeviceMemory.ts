/**
 * Tensors in GPU memory, through onnxruntime's WebGPU provider.
 *
 * Laws: values are uploaded once, before the first run that needs them, and downloaded on request. A buffer is released
 * when other values replace it, when its scope closes, or with the engine, but never while a run uses it.
 *
 * onnxruntime's binding for Node.js can neither upload nor download a buffer, so both are done by identity graphs.
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

/** One tensor, on the host or on the device. */
export class Cell {
  #current: Tensor

  constructor(tensor: HostTensor) {
    this.#current = toOrt(tensor)
  }

  get current(): Tensor {
    return this.#current
  }

  /** Replaces the values by a tensor on the device and releases the old buffer. */
  replace(tensor: Tensor): void {
    this.dispose()
    this.#current = tensor
  }

  /** Releases the device's buffer. The cell must not be used afterwards. */
  dispose(): void {
    if (this.#current.location === "gpu-buffer") this.#current.dispose()
  }
}

export interface DeviceMemory {
  readonly place: DeviceTensors.DeviceTensors<Cell>["place"]
  readonly find: DeviceTensors.DeviceTensors<Cell>["find"]
  /** Uploads the tensors that are not on the device yet. The caller must hold the engine's semaphore. */
  readonly bring: (cells: Iterable<Cell>) => Effect.Effect<void, EngineError>
}

/** An identity model for vectors of any length. */
const echo = (dtype: DType): Uint8Array =>
  encode(
    { outputs: { x: input("x", dtype, [1]) } },
    { outputName, axes: () => ["length"], meanings: {}, name: "echo", description: "", metadata: {} }
  )

/** A view of a tensor as a vector. */
const flat = (tensor: Tensor): Tensor => {
  const dims = [tensor.size]
  if (tensor.location !== "gpu-buffer") return tensor.reshape(dims)
  return Tensor.fromGpuBuffer(tensor.gpuBuffer, { dataType: tensor.type as "float32", dims })
}

/** Reshapes a vector on the device. The result is the one to dispose. */
const shaped = (vector: Tensor, dims: ReadonlyArray<number>): Tensor =>
  Tensor.fromGpuBuffer(vector.gpuBuffer, {
    dataType: vector.type as "float32",
    dims,
    dispose: () => vector.dispose()
  })

/** A device's memory until the scope closes. Errors: `EngineError` if the device does not exist. */
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
  // Detects a missing device early.
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
    DeviceTensors.failIf(engine, "copy", closed ? "the tensors' engine is closed" : undefined)
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
      // Empty buffers do not exist.
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
      // The engine has released its cells.
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
