/**
 * The results of a run of the bench: every number with its spread, and the circumstances.
 */
import { Schema } from "effect"

const Spread = Schema.Struct({ median: Schema.Finite, least: Schema.Finite, greatest: Schema.Finite })

/** Memory of a process, in MiB. */
const Memory = Schema.Struct({
  resident: Schema.Finite,
  /** Without mapped files, such as libraries. */
  anonymous: Schema.Finite,
  peak: Schema.Finite
})
export type Memory = typeof Memory.Type

/** A competitor's results for one program. */
export const StepRow = Schema.Struct({
  competitor: Schema.String,
  /** `void`: its losses differ from the others', so its times are meaningless; `skipped`: it did not run. */
  status: Schema.Literals(["measured", "void", "skipped"]),
  reason: Schema.optionalKey(Schema.String),
  /** Loss of the last step that must agree, and its relative difference from the median of all. */
  loss: Schema.optionalKey(Schema.Finite),
  disagreement: Schema.optionalKey(Schema.Finite),
  /** Seconds from data in memory to the end of the first step: recording and compiling. */
  firstStepSeconds: Schema.optionalKey(Schema.Finite),
  /** Milliseconds per step, over the rounds' medians. */
  step: Schema.optionalKey(Spread),
  /** Time divided by ours, per round. */
  ratio: Schema.optionalKey(Spread),
  examplesPerSecond: Schema.optionalKey(Schema.Finite),
  /** Fraction of the step that its matrix products would take at the rate of one large product. */
  productShare: Schema.optionalKey(Schema.Finite),
  /** Milliseconds of the step's matrix products alone, in sequence. */
  products: Schema.optionalKey(Spread),
  evaluation: Schema.optionalKey(
    Schema.Struct({
      loss: Schema.Finite,
      disagreement: Schema.Finite,
      seconds: Spread,
      ratio: Schema.optionalKey(Spread)
    })
  ),
  /** Relative overhead of a step in the training loop. */
  loopOverhead: Schema.optionalKey(Spread),
  memory: Schema.optionalKey(Memory)
})
export type StepRow = typeof StepRow.Type

export const StepResult = Schema.Struct({
  program: Schema.String,
  title: Schema.String,
  batch: Schema.Int,
  agreementSteps: Schema.Int,
  /** Multiplications and additions of the step's matrix products, in 10^9. */
  gigaOperations: Schema.Finite,
  /** Highest rate of one large product over the workers, in 10^9 operations per second. */
  productRate: Schema.optionalKey(Schema.Finite),
  rows: Schema.Array(StepRow)
})
export type StepResult = typeof StepResult.Type

/** A whole run, from the start of the process to its exit. */
export const RunRow = Schema.Struct({
  competitor: Schema.String,
  status: Schema.Literals(["measured", "skipped"]),
  reason: Schema.optionalKey(Schema.String),
  seconds: Schema.optionalKey(Spread),
  ratio: Schema.optionalKey(Spread),
  testLoss: Schema.optionalKey(Schema.Finite),
  /** Memory of the last run. `early` and `late` are resident MiB in its second and its last tenth. */
  memory: Schema.optionalKey(Schema.Struct({ ...Memory.fields, early: Schema.Finite, late: Schema.Finite }))
})
export type RunRow = typeof RunRow.Type

export const RunResult = Schema.Struct({
  title: Schema.String,
  epochs: Schema.Int,
  steps: Schema.Int,
  rows: Schema.Array(RunRow)
})
export type RunResult = typeof RunResult.Type

const Versions = Schema.Record(Schema.String, Schema.String)

export const Results = Schema.Struct({
  date: Schema.String,
  commit: Schema.optionalKey(Schema.String),
  machine: Schema.Struct({
    cpu: Schema.String,
    cores: Schema.Int,
    threads: Schema.Int,
    /** The accelerator that was used; absent for the CPU. */
    device: Schema.optionalKey(Schema.String),
    /** The instruction set that all competitors but onnxruntime were restricted to; absent without a restriction. */
    instructions: Schema.optionalKey(Schema.String),
    memoryGiB: Schema.Finite,
    platform: Schema.String,
    /** Load averages over 1, 5 and 15 minutes at the start, without the bench, and at the end. */
    loadBefore: Schema.Array(Schema.Finite),
    loadAfter: Schema.Array(Schema.Finite)
  }),
  rounds: Schema.Int,
  versions: Schema.Record(Schema.String, Versions),
  /** Seconds from the start of a worker's process until its libraries are loaded. */
  startSeconds: Schema.Record(Schema.String, Schema.Finite),
  steps: Schema.Array(StepResult),
  runs: Schema.Array(RunResult)
})
export type Results = typeof Results.Type

/** The processor, the threads, and a restriction of the instruction set, for titles. */
export const machineTitle = ({ cpu, instructions, threads }: Results["machine"]): string =>
  `${cpu}, ${threads} threads${instructions === undefined ? "" : `, all restricted to ${instructions}`}`

export const ResultsFile = Schema.fromJsonString(Results, { space: 2 })
