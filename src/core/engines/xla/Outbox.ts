/**
 * Outputs of runs that wait on the device until one of them is asked for, and are then read together: a transfer takes
 * about as long for many small tensors behind each other as for one.
 *
 * Law: what nobody asks for is destroyed with the scope.
 */
import { Effect } from "effect"
import { float32, type HostTensors, sizeOf, type TensorType } from "../../Tensors.ts"
import * as Op from "../graph/Operators.ts"
import type { Buffer, Client, Loaded } from "./Client.ts"
import { moduleOf } from "./Module.ts"

interface Output {
  readonly name: string
  readonly type: TensorType
}

/** Outputs of several runs. */
interface Batch {
  readonly runs: Array<ReadonlyArray<Buffer>>
  reading: Promise<ReadonlyArray<HostTensors>> | undefined
}

/** The text of a program that puts the outputs of so many runs behind each other, as one vector. */
const concatenation = (outputs: ReadonlyArray<Output>, runs: number): string => {
  const inputs = Array.from({ length: runs }, (_, run) =>
    outputs.map(({ name, type: { shape } }) => Op.input(`inputs/${run}/${name}`, "float32", shape))
  ).flat()
  const flat = inputs.map((input) => Op.reshape(input, [sizeOf(input.shape)]))
  return moduleOf({ outputs: { "outputs/all": Op.concat(flat, 0) } }).text
}

/** Takes the outputs of a run, `outputs` in order, and returns their reading. */
export const make = Effect.fnUntraced(function* (
  outputs: ReadonlyArray<Output>,
  { client, load }: { readonly client: Client; readonly load: (text: string, results: number) => Promise<Loaded> }
) {
  const unread = new Set<Batch>()
  let isClosed = false
  const destroy = (batch: Batch) => {
    if (unread.delete(batch)) batch.runs.flat().forEach(client.destroy)
  }
  yield* Effect.addFinalizer(() =>
    Effect.promise(async () => {
      isClosed = true
      await Promise.allSettled([...unread].map(({ reading }) => reading))
      unread.forEach(destroy)
    })
  )
  const isFlat = outputs.length > 0 && outputs.every(({ type }) => type.dtype === "float32" && sizeOf(type.shape) > 0)

  const readEach = (runs: Batch["runs"]) =>
    Promise.all(
      runs.map(async (buffers): Promise<HostTensors> => {
        const read = outputs.map(
          async ({ name, type }, index) => [name, await client.download(buffers[index]!, type)] as const
        )
        return Object.fromEntries(await Promise.all(read))
      })
    )

  const readTogether = async (runs: Batch["runs"]): Promise<ReadonlyArray<HostTensors>> => {
    // The next power of two, so that there are few such programs; the last run fills it up.
    const size = 2 ** Math.ceil(Math.log2(runs.length))
    const { execute } = await load(concatenation(outputs, size), 1)
    const filled = Array.from({ length: size }, (_, run) => runs[Math.min(run, runs.length - 1)]!)
    const [all] = execute(filled.flat(), [])
    const length = size * outputs.reduce((sum, { type }) => sum + sizeOf(type.shape), 0)
    const reading = client.download(all!, { shape: [length], dtype: "float32" })
    client.destroy(all!)
    const values = (await reading).values as Float32Array
    let position = 0
    return runs.map(() =>
      Object.fromEntries(
        outputs.map(({ name, type: { shape } }) => {
          const start = position
          position += sizeOf(shape)
          return [name, float32(shape, values.slice(start, position))]
        })
      )
    )
  }

  const read = async (batch: Batch): Promise<ReadonlyArray<HostTensors>> => {
    if (isClosed) throw new Error("the scope that the program was compiled in is closed")
    try {
      return await (isFlat && batch.runs.length > 1 ? readTogether : readEach)(batch.runs)
    } finally {
      destroy(batch)
    }
  }

  let open: Batch = { runs: [], reading: undefined }
  return (buffers: ReadonlyArray<Buffer>): (() => Promise<HostTensors>) => {
    if (open.reading !== undefined) open = { runs: [], reading: undefined }
    const batch = open
    unread.add(batch)
    const place = batch.runs.push(buffers) - 1
    return async () => (await (batch.reading ??= read(batch)))[place]!
  }
})
