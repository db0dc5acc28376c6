/**
 * What a process and the workers that it has started say to each other: JSON values, one a line.
 */
import { Effect, Schema } from "effect"
import { RunDescription } from "../plan/RunDescription.ts"
import { Outcome } from "./RunExecutor.ts"

/** A run to be brought to its end; the worker knows the rest from the command line that both were given. */
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

/** What a worker tells: what is to be shown, and how each task ended. */
export const WorkerEvent = Schema.TaggedUnion({
  /** It takes tasks. */
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
    // Both ends are this program's: what does not fit is a defect.
    encode: (message: T): Effect.Effect<string> =>
      Effect.orDie(Effect.map(Schema.encodeEffect(text)(message), (json) => `${json}\n`)),
    decode: (line: string): Effect.Effect<T> => Effect.orDie(Schema.decodeEffect(text)(line))
  }
}

export const tasks = lines(Task)
export const events = lines(WorkerEvent)

/** Where a worker finds the other end: the file descriptor after the standard ones. */
export const ipcDescriptor = 3

/** The environment variable that makes a process a worker; its value is the number of threads to compute with. */
export const threadsVariable = "VAE_WORKER_THREADS"
