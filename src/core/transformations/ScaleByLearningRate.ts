/**
 * The learning rate: the last transformation of every chain.
 */
import { type LearningRate, times } from "../GradientTransformation.ts"
import { type Numeric, rateProblem, scheduled, specOf, valueAt } from "../Schedule.ts"

/** `learningRate` times the updates. The rate is above 0; a schedule may be 0 at some steps. */
export const scaleByLearningRate = (learningRate: Numeric): LearningRate => ({
  isLearningRate: true,
  spec: { _tag: "ScaleByLearningRate", learningRate: specOf(learningRate) },
  problem: rateProblem("learningRate", learningRate),
  schedules: scheduled({ "learning-rate": learningRate }),
  slots: [],
  update: ({ updates: { directions, scaled }, ...time }) => ({
    updates: { directions, scaled: (by) => scaled(times(by, valueAt(learningRate, time))) },
    state: {}
  })
})
