/**
 * Who takes part in the bench, and how a worker of each is started.
 */
import { availableParallelism } from "node:os"

export interface Competitor {
  readonly name: string
  /** For the table. */
  readonly title: string
  /** File in `bench/workers`, run by Node.js or, ending in `.py`, by Python. */
  readonly file: string
  readonly way: string
  /** Whether it takes part only where it is named. */
  readonly onRequest?: boolean
  /** Whether it sees the machine's GPUs, from which the others are kept. */
  readonly usesGpu?: boolean
}

/** This project's own engines, the fastest first. */
const own = ["native", "onnxruntime"]

/** Whether it is one that this project runs on by itself. */
export const isOurs = (competitor: string): boolean => own.includes(competitor)

/** What the others are compared with: the fastest of this project's engines that takes part. */
export const oursAmong = (names: Iterable<string>): string | undefined => {
  const present = new Set(names)
  return own.find((name) => present.has(name))
}

export const competitors: ReadonlyArray<Competitor> = [
  { name: "native", title: "this project, native", file: "engine.ts", way: "native" },
  { name: "onnxruntime", title: "this project, onnxruntime", file: "engine.ts", way: "fused" },
  { name: "onnxruntime-plain", title: "this project, onnxruntime, plain graph", file: "engine.ts", way: "plain" },
  {
    name: "onnxruntime-webgpu",
    title: "this project, onnxruntime on webgpu",
    file: "engine.ts",
    way: "webgpu",
    onRequest: true,
    usesGpu: true
  },
  {
    name: "onnxruntime-cuda",
    title: "this project, onnxruntime on cuda",
    file: "engine.ts",
    way: "cuda",
    onRequest: true,
    usesGpu: true
  },
  { name: "reference", title: "this project, reference", file: "engine.ts", way: "reference", onRequest: true },
  { name: "tensorflow", title: "this project, tensorflow", file: "engine.ts", way: "tensorflow", onRequest: true },
  { name: "torch-eager", title: "PyTorch eager, Adam", file: "torch_worker.py", way: "eager" },
  { name: "torch-compiled", title: "PyTorch compiled, fused Adam", file: "torch_worker.py", way: "compiled" },
  { name: "jax", title: "JAX jit, donated buffers, optax", file: "jax_worker.py", way: "jit" },
  { name: "keras-graph", title: "Keras 3 on TensorFlow, tf.function", file: "keras_worker.py", way: "graph" },
  { name: "keras-xla", title: "Keras 3 on TensorFlow, XLA", file: "keras_worker.py", way: "xla" },
  { name: "tfjs-wasm", title: "TensorFlow.js wasm", file: "tfjs.ts", way: "wasm" }
]

export const titleOf = (competitor: string): string =>
  competitors.find(({ name }) => name === competitor)?.title ?? competitor

export const isPython = ({ file }: Competitor): boolean => file.endsWith(".py")

/**
 * The command on so many cores. Not every library lets its threads be counted; all of them start as many as they see cores.
 */
export const onCores = (
  threads: number,
  command: string,
  args: ReadonlyArray<string>
): readonly [command: string, args: ReadonlyArray<string>] =>
  threads < availableParallelism() ? ["taskset", ["--cpu-list", `0-${threads - 1}`, command, ...args]] : [command, args]

/** The environment of a worker or script: the same number of threads for all, no GPU unless it uses one, few words. */
export const environment = (
  threads: number,
  { usesGpu = false }: Partial<Competitor> = {}
): Record<string, string> => ({
  BENCH_THREADS: String(threads),
  OMP_NUM_THREADS: String(threads),
  MKL_NUM_THREADS: String(threads),
  ...(!usesGpu && { CUDA_VISIBLE_DEVICES: "", JAX_PLATFORMS: "cpu" }),
  KERAS_BACKEND: "tensorflow",
  TF_CPP_MIN_LOG_LEVEL: "3",
  PYTHONDONTWRITEBYTECODE: "1"
})
