/**
 * The files of a new lab: one experiment, a loss of one's own with its property test, and what npm and TypeScript need.
 */

export interface LabOptions {
  /** The folder's name, which is the package's. */
  readonly name: string
  /** What the lab depends on effect-vae by: a version, or `file:` with the path of a packed file. */
  readonly effectVae: string
  /** Versions of this package's own dependencies, by name. */
  readonly versions: Readonly<Record<string, string>>
}

/** What the lab is developed with. */
export const tools = {
  "@effect/vitest": "4.0.5",
  "@types/node": "24.13.6",
  typescript: "7.0.2",
  vitest: "5.1.1"
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

const packageJson = ({ effectVae, name, versions }: LabOptions): string => {
  const pick = (...names: ReadonlyArray<string>) => Object.fromEntries(names.map((key) => [key, versions[key] ?? "*"]))
  return json({
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    scripts: { exp: "effect-vae exp", check: "tsc --noEmit", test: "vitest run" },
    dependencies: { ...pick("@tensorflow/tfjs-core", "effect"), "effect-vae": effectVae },
    devDependencies: tools
  })
}

const tsconfig = json({
  compilerOptions: {
    target: "es2024",
    lib: ["es2024"],
    types: ["node"],
    module: "nodenext",
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true
  },
  include: ["experiments", "src", "test"]
})

const experiment = `import {
  Adam, Curves, DenseVae, ElboTerms, Evaluation, Experiment, LatentScatter, Manifold, Mnist, ReconstructionLoss,
  Parameter, Reconstructions, CompositeLoss, Training
} from "effect-vae"
import { Capacity } from "../src/Capacity.ts"

export default Experiment.make("capacity", {
  description: "How much information about an image two latent dimensions may carry.",
  parameters: {
    capacity: Parameter.NonNegative({ default: 4, description: "the KL divergence that costs nothing, in nats per image" }),
    epochs: Parameter.PositiveInt({ default: 5, description: "passes over the training images" })
  },
  run: ({ capacity, epochs }) => ({
    dataset: Mnist.layer(),
    model: DenseVae.layer({ hidden: [512, 256], latent: 2 }),
    objective: CompositeLoss.layer(ReconstructionLoss(), Capacity({ capacity, weight: 10 })),
    training: Training.layer({ epochs, batchSize: 128, optimizer: Adam({ learningRate: 1e-3 }) }),
    evaluation: Evaluation.layer(ElboTerms(), Curves(), Reconstructions(), LatentScatter(), Manifold())
  })
}).pipe(Experiment.grid({ capacity: [1, 4, 16] }))
`

const term = `/**
 * A term of your own for a loss: what the KL divergence of an image's code is away from a capacity costs.
 *
 * Source: Burgess et al. 2018, eq. 8, https://arxiv.org/abs/1804.03599
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LossTerm } from "effect-vae"

export interface CapacityOptions {
  /** The KL divergence that costs nothing, in nats per image, from 0. */
  readonly capacity: number
  /** Cost of each nat above or below it, from 0. */
  readonly weight: number
}

/** \`weight |KL(q(z | x) || p(z)) - capacity|\`, \`[batch]\`, in nats. */
export const Capacity = ({ capacity, weight }: CapacityOptions): LossTerm.LossTerm => ({
  // What the term is: a run's identity follows from it.
  spec: { _tag: "Capacity", capacity, weight },
  name: "capacity",
  problem: capacity >= 0 && weight >= 0 ? undefined : \`capacity \${capacity} and weight \${weight} must be numbers from 0\`,
  needsKl: true,
  value: ({ kl }) => tf.mul(tf.abs(tf.sub(kl, capacity)), weight)
})
`

const test = `import { ReconstructionLoss, CompositeLoss } from "effect-vae"
import { objectiveContract } from "effect-vae/testing"
import { Capacity } from "../src/Capacity.ts"

// The properties that the library's own losses have: one term per image, finite values, gradients that agree with
// differences, no dependence on the other images of a batch.
objectiveContract("a capacity of 4 nats", CompositeLoss.layer(ReconstructionLoss(), Capacity({ capacity: 4, weight: 10 })))
`

const readme = ({ name }: LabOptions): string => `# ${name}

\`\`\`sh
npm run exp capacity    # three VAEs, their numbers, and a report to open in a browser
npm test                 # the properties of the loss in src/Capacity.ts
npm run check            # types: an experiment that cannot run does not compile
\`\`\`

\`npm run exp\` lists all commands, \`npm run exp capacity -- --quick\` is a version of a few seconds,
\`npx effect-vae doctor\` says what this machine can do.
`

/** Every file of the lab by its path, in the order in which they are written. */
export const files = (options: LabOptions): Readonly<Record<string, string>> => ({
  "package.json": packageJson(options),
  "tsconfig.json": tsconfig,
  ".gitignore": "node_modules\nresults\n",
  "README.md": readme(options),
  "experiments/capacity.ts": experiment,
  "src/Capacity.ts": term,
  "test/Capacity.test.ts": test
})
