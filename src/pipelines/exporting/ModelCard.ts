/**
 * A model card: what an exported model is, what it was trained on, how good it is, and what may be done with it.
 *
 * Source: Mitchell et al. 2019, "Model cards for model reporting", https://arxiv.org/abs/1810.03993
 */
import type { EpochMetrics } from "../../core/TrainedModel.ts"
import * as JsonFile from "../files/JsonFile.ts"
import type { Manifest } from "../store/Manifest.ts"
import type { ModelCard } from "../store/ModelFolder.ts"

/**
 * The licence of MNIST's copyright holders, as Keras documents it,
 * https://keras.io/api/datasets/mnist/
 */
const mnist =
  "MNIST: copyright Yann LeCun and Corinna Cortes, Creative Commons Attribution-Share Alike 3.0 (as stated by Keras's documentation)"

/**
 * Licences of the datasets by the tags of their specs, or what their sources say instead.
 *
 * Sources: Fashion-MNIST, https://github.com/zalandoresearch/fashion-mnist/blob/master/LICENSE; Olivetti faces,
 * https://scikit-learn.org/0.16/datasets/olivetti_faces.html; FASSEG, Benini et al. 2019,
 * https://doi.org/10.1016/j.dib.2019.103881
 */
const licences: Readonly<Record<string, string>> = {
  Mnist: mnist,
  BinarizedMnist: mnist,
  FashionMnist: "Fashion-MNIST: copyright Zalando SE, MIT License",
  FreyFaces: "Frey faces: no licence is known",
  OlivettiFaces: "Olivetti faces: no licence is known; their source asks for credit to AT&T Laboratories Cambridge",
  MaskedFaces:
    "FASSEG: public, no licence is known; its photographs are from the databases MIT-CBCL, FEI, POINTING04 and SIBLINGS, which have terms of their own",
  Synthetic: "synthetic images, computed by this package: MIT License, as the package"
}

/** The tag of the dataset that another one is made of, at the end of the chain. */
const originOf = (spec: { readonly _tag: string; readonly [key: string]: unknown }): string => {
  const inner = spec["of"] as { readonly _tag: string } | undefined
  return inner === undefined ? spec._tag : originOf(inner)
}

const number = (value: number): string => (Number.isFinite(value) ? value.toPrecision(6) : String(value))

/** The card as Markdown. */
export const modelCard = (
  card: ModelCard,
  manifest: Manifest,
  last: EpochMetrics | undefined,
  files: ReadonlyArray<string>
): string => {
  const { channels, height, width } = card.shape
  const labels = Object.entries(card.labelled).flatMap(([network, takes]) => (takes ? [network] : []))
  const metrics = Object.entries(last?.metrics ?? {}).map(([name, value]) => `| ${name} | ${number(value)} |`)
  return `# ${card.experiment}, run ${card.run}

A variational autoencoder trained by effect-vae ${manifest.versions["effect-vae"] ?? ""}.

- Encoder: images \`[count, ${height}, ${width}, ${channels}]\` in [0, 1] to \`mean\` and \`deviation\` of q(z | x), \`[count, ${card.latent}]\` each
- Decoder: codes \`[count, ${card.latent}]\` to means of p(x | z), \`[count, ${height}, ${width}, ${channels}]\`
${labels.length === 0 ? "" : `- Labels \`[count]\`, int32, are the second input of the ${labels.join(" and the ")}: ${(card.classes ?? []).join(", ")}\n`}
## Files

${files.map((file) => `- \`${file}\``).join("\n")}

## Data

${card.dataset.name}, SHA-256 ${card.dataset.digest}

Licence: ${licences[originOf(manifest.specs.dataset)] ?? "that of the images, which is not known to this program"}

## Metrics

After epoch ${last?.epoch ?? 0}, means over a split, in nats per image unless the name says otherwise:

| metric | value |
| --- | ---: |
${metrics.join("\n")}

## What produced it

Seed ${manifest.seed}, parameters and specs:

\`\`\`json
${JsonFile.format({ parameters: manifest.parameters, specs: manifest.specs } as never).trimEnd()}
\`\`\`
`
}
