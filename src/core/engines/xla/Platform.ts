/**
 * What each device asks of its plugin: options of the client, and flags of the compiler.
 *
 * GPUs get as much memory as is used, not most of the card from the start, and the same bits for the same program:
 * sums that run in any order, and algorithms chosen by measurements, would give others.
 *
 * Source: https://openxla.org/xla/flags_guidance, https://docs.jax.dev/en/latest/gpu_memory_allocation.html
 */
import type { Option } from "./Client.ts"
import type { Flags } from "./CompileOptions.ts"

/** Where XLA can compute. */
export const devices = ["cuda", "rocm", "tpu", "cpu"] as const
export type Device = (typeof devices)[number]

export interface Platform {
  readonly options: Readonly<Record<string, Option>>
  readonly flags: Flags
}

const gpu = (memoryFraction: number | undefined): Platform => ({
  options: { preallocate: false, ...(memoryFraction !== undefined && { memory_fraction: memoryFraction }) },
  flags: { xla_gpu_deterministic_ops: true }
})

/** `memoryFraction`: the largest part of a GPU's memory that is taken. */
export const platformOf = (device: Device, memoryFraction?: number): Platform =>
  device === "cuda" || device === "rocm"
    ? gpu(memoryFraction)
    : { options: {}, flags: { xla_cpu_enable_fast_min_max: false } }
