/**
 * The competitors of the bench, and how their workers are started.
 */
import { availableParallelism } from "node:os"
import { join } from "node:path"

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
const own = ["native", "onnxruntime", "xla"]

/** Where the competitors that can use an accelerator compute. */
export const devices = ["cpu", "cuda", "rocm"] as const
export type Device = (typeof devices)[number]

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
  { name: "xla", title: "this project, xla", file: "engine.ts", way: "xla", onRequest: true },
  { name: "reference", title: "this project, reference", file: "engine.ts", way: "reference", onRequest: true },
  { name: "tensorflow", title: "this project, tensorflow", file: "engine.ts", way: "tensorflow", onRequest: true },
  { name: "torch-eager", title: "PyTorch eager, Adam", file: "torch_worker.py", way: "eager" },
  { name: "torch-compiled", title: "PyTorch compiled, fused Adam", file: "torch_worker.py", way: "compiled" },
  {
    name: "torch-graphs",
    title: "PyTorch compiled with CUDA graphs, fused Adam",
    file: "torch_worker.py",
    way: "graphs",
    onRequest: true
  },
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

/** Instruction sets that all competitors can be restricted to, as on a processor that has no wider one. */
export const instructionSets = ["avx2"] as const
export type InstructionSet = (typeof instructionSets)[number]

/** What measurements of all competitors have in common. */
export interface Conditions {
  readonly threads: number
  /** For files that exist as long as the bench. */
  readonly folder: string
  readonly device: Device
  /** Default: each competitor's choice for the processor. */
  readonly instructions?: InstructionSet | undefined
}

/** Restricts this project, PyTorch, oneDNN, MKL and XLA to AVX2. onnxruntime has no such setting. */
const restrictions: Readonly<Record<InstructionSet, Readonly<Record<string, string>>>> = {
  avx2: {
    VAE_INSTRUCTION_SET: "avx2",
    ATEN_CPU_CAPABILITY: "avx2",
    ONEDNN_MAX_CPU_ISA: "AVX2",
    MKL_ENABLE_INSTRUCTIONS: "AVX2",
    XLA_FLAGS: "--xla_cpu_max_isa=AVX2"
  }
}

/**
 * The environment of a worker or script: equal numbers of threads, float32's full precision, no GPU unless it uses one,
 * little logging. PyTorch's own cache of compiled code is not used: after code for another instruction set it gave losses
 * that were not a number.
 */
export const environment = (
  { device, folder, instructions, threads }: Conditions,
  { usesGpu = false }: Partial<Competitor> = {}
): Record<string, string> => ({
  BENCH_THREADS: String(threads),
  BENCH_DEVICE: device,
  OMP_NUM_THREADS: String(threads),
  MKL_NUM_THREADS: String(threads),
  JAX_DEFAULT_MATMUL_PRECISION: "highest",
  TORCHINDUCTOR_CACHE_DIR: join(folder, "inductor"),
  ...(device === "cpu"
    ? !usesGpu && { CUDA_VISIBLE_DEVICES: "", JAX_PLATFORMS: "cpu" }
    : // Workers that wait leave the others memory.
      { JAX_PLATFORMS: device, XLA_PYTHON_CLIENT_PREALLOCATE: "false" }),
  ...(instructions !== undefined && restrictions[instructions]),
  KERAS_BACKEND: "tensorflow",
  TF_CPP_MIN_LOG_LEVEL: "3",
  PYTHONDONTWRITEBYTECODE: "1"
})
