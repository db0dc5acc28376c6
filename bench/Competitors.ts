/**
 * The competitors of the bench, and how their workers are started.
 */
import { availableParallelism } from "node:os"

export interface Competitor {
  readonly name: string
  /** Title in the table. */
  readonly title: string
  /** File in `bench/workers`, run by Python if it ends in `.py`, otherwise by Node.js. */
  readonly file: string
  readonly way: string
  /** Whether it takes part only if it is named. */
  readonly onRequest?: boolean
  /** Whether the machine's GPUs are visible to it; they are hidden from the others. */
  readonly usesGpu?: boolean
}

/** This project's engines, fastest first. */
const own = ["native", "onnxruntime"]

/** Whether it is one of this project's default engines. */
export const isOurs = (competitor: string): boolean => own.includes(competitor)

/** The baseline: the fastest participating engine of this project. */
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
 * Restricts a command to `threads` cores. Not every library has an option for threads; all start one per visible core.
 */
export const onCores = (
  threads: number,
  command: string,
  args: ReadonlyArray<string>
): readonly [command: string, args: ReadonlyArray<string>] =>
  threads < availableParallelism() ? ["taskset", ["--cpu-list", `0-${threads - 1}`, command, ...args]] : [command, args]

/** The environment of a worker or script: equal numbers of threads, no GPU unless it uses one, little logging. */
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
