/**
 * What a run of the bench writes: every number with its spread, and all that it depends on.
 */
import { Schema } from "effect"

const Spread = Schema.Struct({ median: Schema.Finite, least: Schema.Finite, greatest: Schema.Finite })

/** Of one process, in MiB. */
const Memory = Schema.Struct({
  resident: Schema.Finite,
  /** Without what is mapped from files, such as libraries. */
  anonymous: Schema.Finite,
  peak: Schema.Finite
})
export type Memory = typeof Memory.Type

/** A competitor in one program. */
export const StepRow = Schema.Struct({
  competitor: Schema.String,
  /** `void`: its losses are not the others', so its times mean nothing; `skipped`: it did not run. */
  status: Schema.Literals(["measured", "void", "skipped"]),
  reason: Schema.optionalKey(Schema.String),
  /** Of the last of the steps that must agree, and how far it is from the median of all, as a part of it. */
  loss: Schema.optionalKey(Schema.Finite),
  disagreement: Schema.optionalKey(Schema.Finite),
  /** Seconds from data in memory to the end of the first step: recording, compiling. */
  firstStepSeconds: Schema.optionalKey(Schema.Finite),
  /** Milliseconds of a step: of the rounds' medians. */
  step: Schema.optionalKey(Spread),
  /** How many times as long as ours, round by round. */
  ratio: Schema.optionalKey(Spread),
  examplesPerSecond: Schema.optionalKey(Schema.Finite),
  /** The part of the step that its matrix products would take at the rate of one large product. */
  productShare: Schema.optionalKey(Schema.Finite),
  /** Milliseconds of the step's matrix products alone, one after the other. */
  products: Schema.optionalKey(Spread),
  evaluation: Schema.optionalKey(
    Schema.Struct({
      loss: Schema.Finite,
      disagreement: Schema.Finite,
      seconds: Spread,
      ratio: Schema.optionalKey(Spread)
    })
  ),
  /** How much longer than the bare step a step of the training loop takes, as a part of it. */
  loopOverhead: Schema.optionalKey(Spread),
  memory: Schema.optionalKey(Memory)
})
export type StepRow = typeof StepRow.Type

export const StepResult = Schema.Struct({
  program: Schema.String,
  title: Schema.String,
  batch: Schema.Int,
  agreementSteps: Schema.Int,
  /** Of the step's matrix products, in 10^9 multiplications and additions. */
  gigaOperations: Schema.Finite,
  /** Of one large product, the greatest of all workers that were asked, in 10^9 a second. */
  productRate: Schema.optionalKey(Schema.Finite),
  rows: Schema.Array(StepRow)
})
export type StepResult = typeof StepResult.Type

/** A whole run, from the start of the process to its end. */
export const RunRow = Schema.Struct({
  competitor: Schema.String,
  status: Schema.Literals(["measured", "skipped"]),
  reason: Schema.optionalKey(Schema.String),
  seconds: Schema.optionalKey(Spread),
  ratio: Schema.optionalKey(Spread),
  testLoss: Schema.optionalKey(Schema.Finite),
  /** Of the last run. `early` and `late` are resident MiB in its second and its last tenth. */
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
    memoryGiB: Schema.Finite,
    platform: Schema.String,
    /** Over 1, 5 and 15 minutes when the bench began, itself not counted, and when it ended. */
    loadBefore: Schema.Array(Schema.Finite),
    loadAfter: Schema.Array(Schema.Finite)
  }),
  rounds: Schema.Int,
  versions: Schema.Record(Schema.String, Versions),
  /** Seconds from the start of a worker's process until its libraries were loaded. */
  startSeconds: Schema.Record(Schema.String, Schema.Finite),
  steps: Schema.Array(StepResult),
  runs: Schema.Array(RunResult)
})
export type Results = typeof Results.Type

export const ResultsFile = Schema.fromJsonString(Results, { space: 2 })
