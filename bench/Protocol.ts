/**
 * The protocol of the bench and its workers: requests and replies are lines of JSON on the worker's standard input and
 * output. A worker is one process for the whole bench and idle between requests, so that competitors can take turns.
 * Its first reply is `Ready`.
 *
 * The worker's side is `bench/workers/worker.py` in Python and `bench/workers/Serve.ts` in TypeScript.
 */
import { Schema } from "effect"

const Versions = Schema.Record(Schema.String, Schema.String)

/** `[rows, inner]` times `[inner, columns]`; a transposed operand is stored transposed. */
export const Product = Schema.Struct({
  rows: Schema.Int,
  inner: Schema.Int,
  columns: Schema.Int,
  transposeLeft: Schema.Boolean,
  transposeRight: Schema.Boolean
})
export type Product = typeof Product.Type

export const Request = Schema.TaggedUnion({
  /**
   * Reads the initial parameters and each step's indices and noise from `file`, the images from `images`; compiles the
   * step and runs the first one. Releases the previous program.
   */
  Prepare: {
    program: Schema.String,
    /** Name of the program's network and loss in the other libraries' workers. */
    network: Schema.String,
    learningRate: Schema.Finite,
    file: Schema.String,
    images: Schema.String
  },
  /** Runs steps, at least one; no new one starts after `seconds`. Inputs are reused cyclically. */
  Run: { steps: Schema.Int, seconds: Schema.optionalKey(Schema.Finite) },
  /** The mean loss of all test images. */
  Evaluate: {},
  /** Computes all products in sequence, `times` times. Only some workers. */
  Multiply: { products: Schema.Array(Product), repeats: Schema.Int },
  /** Runs steps in the real training loop. Only this project's workers. */
  Loop: { steps: Schema.Int }
})
export type Request = typeof Request.Type

export const Reply = Schema.TaggedUnion({
  Ready: { versions: Versions },
  /** Seconds until the end of the first step, without reading the data, and its loss. */
  Prepared: { seconds: Schema.Finite, loss: Schema.Finite },
  /** Time of each step, and the last loss. */
  Ran: { milliseconds: Schema.Array(Schema.Finite), loss: Schema.Finite },
  Evaluated: { seconds: Schema.Finite, loss: Schema.Finite },
  /** Total time of all products, per repetition. */
  Multiplied: { milliseconds: Schema.Array(Schema.Finite) },
  /** Times between steps of the loop. */
  Looped: { milliseconds: Schema.Array(Schema.Finite) },
  Failed: { reason: Schema.String }
})
export type Reply = typeof Reply.Type

export const RequestLine = Schema.fromJsonString(Request)
export const ReplyLine = Schema.fromJsonString(Reply)
