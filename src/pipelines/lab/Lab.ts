/**
 * The files of a new lab: an experiment, a custom loss with its property test, and the configuration of npm and
 * TypeScript.
 */

export interface LabOptions {
  /** Name of the folder and of the package. */
  readonly name: string
  /** The dependency on effect-vae: a version, or `file:` with the path of a packed file. */
  readonly effectVae: string
  /** Versions of this package's dependencies, by name. */
  readonly versions: Readonly<Record<string, string>>
}

/** The lab's development dependencies. */
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
  description: "How much information about an image two latent dimensions can carry.",
  parameters: {
    capacity: Parameter.NonNegative({ default: 4, description: "the target KL divergence, in nats per image" }),
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
 * A loss term of your own: a penalty on the distance of the KL divergence from a capacity.
 *
 * Source: Burgess et al. 2018, eq. 8, https://arxiv.org/abs/1804.03599
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LossTerm } from "effect-vae"

export interface CapacityOptions {
  /** The target KL divergence, in nats per image, at least 0. */
  readonly capacity: number
  /** Penalty per nat above or below it, at least 0. */
  readonly weight: number
}

/** \`weight |KL(q(z | x) || p(z)) - capacity|\`, \`[batch]\`, in nats. */
export const Capacity = ({ capacity, weight }: CapacityOptions): LossTerm.LossTerm => ({
  // The term's description, which determines the run's id.
  spec: { _tag: "Capacity", capacity, weight },
  name: "capacity",
  problem: capacity >= 0 && weight >= 0 ? undefined : \`capacity \${capacity} and weight \${weight} must be at least 0\`,
  needsKl: true,
  value: ({ kl }) => tf.mul(tf.abs(tf.sub(kl, capacity)), weight)
})
`

const test = `import { ReconstructionLoss, CompositeLoss } from "effect-vae"
import { objectiveContract } from "effect-vae/testing"
import { Capacity } from "../src/Capacity.ts"

// The contract of all losses: one value per image, finite values, gradients that match finite differences, independence
// of
// the other images of a batch.
objectiveContract("a capacity of 4 nats", CompositeLoss.layer(ReconstructionLoss(), Capacity({ capacity: 4, weight: 10 })))
`

const readme = ({ name }: LabOptions): string => `# ${name}

\`\`\`sh
npm run exp capacity    # three VAEs, their numbers, and a report to open in a browser
npm test                 # the properties of the loss in src/Capacity.ts
npm run check            # types: an experiment that cannot run does not compile
\`\`\`

\`npm run exp\` lists all commands, \`npm run exp capacity -- --quick\` is a version that takes a few seconds,
\`npx effect-vae doctor\` reports what this machine supports.
`

/** All files of the lab by path, in the order in which they are written. */
export const files = (options: LabOptions): Readonly<Record<string, string>> => ({
  "package.json": packageJson(options),
  "tsconfig.json": tsconfig,
  ".gitignore": "node_modules\nresults\n",
  "README.md": readme(options),
  "experiments/capacity.ts": experiment,
  "src/Capacity.ts": term,
  "test/Capacity.test.ts": test
})
