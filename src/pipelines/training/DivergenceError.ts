/**
 * The failure of a run whose loss or parameters are no longer finite.
 */
import { Schema } from "effect"

/** The loss or a parameter is not finite. The same run would diverge again. */
export class DivergenceError extends Schema.TaggedError<DivergenceError>()("DivergenceError", {
  run: Schema.String,
  /** 1 for the first. */
  epoch: Schema.Int,
  step: Schema.Int,
  what: Schema.Literals(["loss", "parameters"]),
  /** Mean of the step's batch. */
  loss: Schema.Number,
  /** Loss of the previous step; NaN before the first. */
  lastFiniteLoss: Schema.Number,
  /** Step of the newest checkpoint, whose loss is finite; absent before the first. */
  checkpoint: Schema.optionalKey(Schema.Int)
}) {
  override get message(): string {
    const { checkpoint, epoch, lastFiniteLoss, loss, run, step, what } = this
    const before = Number.isNaN(lastFiniteLoss) ? "" : ` after ${lastFiniteLoss}`
    const found = what === "loss" ? `the loss is ${loss}${before}` : `a parameter is not finite, with a loss of ${loss}`
    const kept = checkpoint === undefined ? "" : `; the checkpoint of step ${checkpoint} is kept`
    return `run ${run} diverged in epoch ${epoch}, at step ${step}: ${found}${kept}; a smaller learning rate may help`
  }
}
