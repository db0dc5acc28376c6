/** An experiment that has the name of a command. */
import { Experiment } from "../../../src/index.ts"
import { experiment } from "../Sandbox.ts"

const { description, run } = experiment()

export default Experiment.make("show", {
  description,
  parameters: {},
  run: () => run({ beta: 1, epochs: 1, learningRate: 1e-2 }) as any
})
