import { Effect, Result } from "effect"
import { find } from "../../src/core/engines/tensorflow/Package.ts"
import * as Capability from "./Capability.ts"

const found = Effect.runSync(Effect.result(find()))

/** TensorFlow's C library, with its package for Node. */
export const libTensorFlow: Capability.Capability<unknown> = Capability.make(
  { name: "libtensorflow" },
  Result.mapError(found, ({ reason }) => reason)
)
