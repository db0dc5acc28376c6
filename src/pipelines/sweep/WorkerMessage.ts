/**
 * Messages between a process and its workers: newline-delimited JSON.
 */
import { Effect, Schema } from "effect"
import { RunDescription } from "../plan/RunDescription.ts"
import { Outcome } from "./RunExecutor.ts"

/** A run to execute; the worker has the rest from the command line, which is the same for both. */
export const Task = Schema.Struct({
  run: Schema.String,
  position: Schema.Struct({ run: Schema.Int, runs: Schema.Int, epochsAfter: Schema.Number }),
  force: Schema.Boolean,
  previousStart: Schema.optionalKey(Schema.String),
  /** Where the command line does not say which runs there are. */
  description: Schema.optionalKey(RunDescription)
})
export type Task = typeof Task.Type

/** How a run in training advances, as `Progress` shows it. */
export const TrainingProgress = Schema.Struct({
  run: Schema.Int,
  runs: Schema.Int,
  label: Schema.String,
  epoch: Schema.Int,
  epochs: Schema.Int,
  fraction: Schema.Number,
  loss: Schema.Number,
  examplesPerSecond: Schema.Number,
  secondsLeft: Schema.Number
})
export type TrainingProgress = typeof TrainingProgress.Type

/** What a worker reports: progress to display, and the outcome of each task. */
export const WorkerEvent = Schema.TaggedUnion({
  /** Ready for tasks. */
  Ready: {},
  Update: { state: TrainingProgress },
  Epoch: { state: TrainingProgress, summary: Schema.String },
  Note: { text: Schema.String },
  Line: { text: Schema.String },
  Ended: { outcome: Outcome }
})
export type WorkerEvent = typeof WorkerEvent.Type

const lines = <T, E>(schema: Schema.Codec<T, E>) => {
  const text = Schema.fromJsonString(Schema.toCodecJson(schema))
  return {
    // Both ends are this program: an invalid message is a defect.
    encode: (message: T): Effect.Effect<string> =>
      Effect.orDie(Effect.map(Schema.encodeEffect(text)(message), (json) => `${json}\n`)),
    decode: (line: string): Effect.Effect<T> => Effect.orDie(Schema.decodeEffect(text)(line))
  }
}

export const tasks = lines(Task)
export const events = lines(WorkerEvent)

/** The file descriptor between parent and worker: the first after the standard ones. */
export const ipcDescriptor = 3

/** The environment variable that makes a process a worker; its value is the number of threads to compute with. */
export const threadsVariable = "VAE_WORKER_THREADS"
