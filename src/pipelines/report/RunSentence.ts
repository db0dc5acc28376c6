/**
 * One sentence per run, for the opening of the report: how good it is, or why it is not finished.
 */
import type { RunData } from "./ReportData.ts"
import { text } from "./page/Numbers.ts"

type Summarised = Pick<RunData, "status" | "error" | "epochs" | "metrics" | "model">

/** The ELBO of a finished run on test images, in nats per image. */
const elboOf = ({ metrics, status }: Pick<Summarised, "metrics" | "status">): number | undefined => {
  const elbo = metrics["test/elbo"]
  return status === "done" && elbo !== undefined && Number.isFinite(elbo) ? elbo : undefined
}

/** `ELBO −212.39 nats per image`, or the test loss where no ELBO was computed. */
const quality = ({ metrics }: Summarised): string | undefined => {
  const elbo = metrics["test/elbo"]
  const loss = metrics["test/loss"]
  if (elbo !== undefined) return `ELBO ${text(elbo)} nats per image`
  return loss === undefined ? undefined : `test loss ${text(loss)}`
}

/** `(reconstruction 212.22, KL divergence 0.17)`. */
const terms = ({ metrics }: Summarised): string => {
  const reconstruction = metrics["test/reconstruction"]
  const exact = metrics["test/kl"]
  const divergence = exact ?? metrics["test/kl-estimate"]
  if (reconstruction === undefined || divergence === undefined) return ""
  const name = exact === undefined ? "estimated KL divergence" : "KL divergence"
  return ` (reconstruction ${text(reconstruction)}, ${name} ${text(divergence)})`
}

/** `2 of 20 latent dimensions are active`. */
const activity = ({ metrics, model }: Summarised): string => {
  const active = metrics["test/active-units"]
  return active === undefined || model === undefined
    ? ""
    : `; ${active} of ${model.latent} latent dimensions ${active === 1 ? "is" : "are"} active`
}

const progress = ({ epochs }: Summarised): string => `${epochs.done} of ${epochs.of} epochs`

const withLoss = (run: Summarised): string => {
  const loss = run.metrics["test/loss"]
  return `${progress(run)}${loss === undefined ? "" : `; test loss ${text(loss)}`}.`
}

/** Without the last full stop. */
const clause = (message: string): string => message.split("\n")[0]!.replace(/\.$/, "")

const described = (run: Summarised): string => {
  switch (run.status) {
    case "planned":
      return "Not started."
    case "running":
      return `In training: ${withLoss(run)}`
    case "interrupted":
      return `Interrupted after ${withLoss(run)}`
    case "failed":
      return `Failed after ${progress(run)}${run.error === undefined ? "" : `: ${clause(run.error)}`}.`
    case "done": {
      const found = quality(run)
      return found === undefined ? `Finished after ${progress(run)}.` : `${found}${terms(run)}${activity(run)}.`
    }
  }
}

/**
 * One sentence per run, in order. The best ELBO is named if `comparable`: ELBOs of different likelihoods are not.
 */
export const sentences = (runs: ReadonlyArray<Summarised>, comparable: boolean): ReadonlyArray<string> => {
  const elbos = runs.map(elboOf)
  const finished = elbos.filter((elbo) => elbo !== undefined)
  const best = comparable && finished.length > 1 ? Math.max(...finished) : undefined
  return runs.map((run, index) =>
    best !== undefined && elbos[index] === best
      ? described(run).replace("ELBO", `Best of ${finished.length}: ELBO`)
      : described(run)
  )
}
