/**
 * A worker's lease on a run: the run's id with a fencing token that grows with every lease.
 */
import { Config, Schema } from "effect"
import { TrainingProgress } from "../sweep/WorkerMessage.ts"

/** How long a worker may be silent before another takes its runs, in seconds; the same on all machines. */
export const leaseSeconds: Config.Config<number> = Config.withDefault(Config.Number("VAE_CLUSTER_LEASE"), 12)

/** A run that ends its worker this often without a new checkpoint is not tried again. */
export const mostTries = 3

export interface Lease {
  readonly run: string
  readonly token: number
}

/** What a worker reports of a run that it holds. */
export interface Held extends Lease {
  readonly progress: TrainingProgress | undefined
  /** The last epoch's metrics as text. */
  readonly summary: string | undefined
}

/** Encodes reports as JSON. */
export const encodeHeld = Schema.encodeEffect(
  Schema.fromJsonString(
    Schema.toCodecJson(
      Schema.Array(
        Schema.Struct({
          run: Schema.String,
          token: Schema.Int,
          progress: Schema.optional(TrainingProgress),
          summary: Schema.optional(Schema.String)
        })
      )
    )
  )
)

/** How a run ended for good. */
export type End =
  | { readonly state: "done"; readonly reason?: string | undefined }
  | { readonly state: "failed" | "cancelled"; readonly reason: string }

/** A process that trains runs. */
export interface Worker {
  /** `HOST/PID-DIGITS`, used once. */
  readonly id: string
  readonly host: string
  readonly slots: number
}
