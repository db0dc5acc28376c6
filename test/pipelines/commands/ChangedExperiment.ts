/** The sandbox's experiment after somebody has given its model more units. */
import { DenseVae, Experiment, Parameter } from "../../../src/index.ts"
import { experiment } from "../Sandbox.ts"

const before = experiment()

export default Experiment.make(before.name, {
  description: before.description,
  parameters: before.parameters as { readonly beta: Parameter.Parameter<number> },
  run: (values) => ({ ...before.run(values as any), model: DenseVae.layer({ hidden: [24], latent: 2 }) })
})
