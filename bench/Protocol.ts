/**
 * What the bench and its workers say to each other: one request, one reply, each a line of JSON on the worker's standard
 * input and output. A worker is one process for the whole bench, idle but while it answers, so that competitors can take
 * turns. It begins with `Ready`.
 *
 * `bench/workers/worker.py` is the other side in Python, `bench/workers/Serve.ts` in TypeScript.
 */
import { Schema } from "effect"

const Versions = Schema.Record(Schema.String, Schema.String)

/** `[rows, inner]` times `[inner, columns]`; a transposed operand lies in memory the other way round. */
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
   * Reads the first parameters, and each step's indices and noise, from `file`, the images from `images`; makes the step
   * ready and takes the first one. What was prepared before is dropped.
   */
  Prepare: {
    program: Schema.String,
    /** What the other libraries' workers call the program's network and loss. */
    network: Schema.String,
    learningRate: Schema.Finite,
    file: Schema.String,
    images: Schema.String
  },
  /** Takes steps, at least one, no new one after so many seconds. Inputs come in turn, and again from the first. */
  Run: { steps: Schema.Int, seconds: Schema.optionalKey(Schema.Finite) },
  /** The mean loss of all test images. */
  Evaluate: {},
  /** Computes all products, one after the other, so many times. Some workers. */
  Multiply: { products: Schema.Array(Product), repeats: Schema.Int },
  /** Takes steps by the real training loop. This project's workers. */
  Loop: { steps: Schema.Int }
})
export type Request = typeof Request.Type

export const Reply = Schema.TaggedUnion({
  Ready: { versions: Versions },
  /** Seconds to the end of the first step, data read before, and its loss. */
  Prepared: { seconds: Schema.Finite, loss: Schema.Finite },
  /** Of each step, and the last one's loss. */
  Ran: { milliseconds: Schema.Array(Schema.Finite), loss: Schema.Finite },
  Evaluated: { seconds: Schema.Finite, loss: Schema.Finite },
  /** Of all products together, each time. */
  Multiplied: { milliseconds: Schema.Array(Schema.Finite) },
  /** From step to step of the loop. */
  Looped: { milliseconds: Schema.Array(Schema.Finite) },
  Failed: { reason: Schema.String }
})
export type Reply = typeof Reply.Type

export const RequestLine = Schema.fromJsonString(Request)
export const ReplyLine = Schema.fromJsonString(Reply)
