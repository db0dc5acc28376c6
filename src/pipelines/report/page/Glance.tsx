/**
 * The opening of the report: the figure that compares the runs, and one picture and one sentence per run.
 */
import { Effect } from "effect"
import type { Json } from "../../../core/Spec.ts"
import { type FigureEntry, FigureData, type ReportData, type RunData } from "../ReportData.ts"
import { Chart } from "./Chart.tsx"
import { useEffectful } from "./Hooks.ts"
import { part } from "./Assets.ts"
import { nameOf } from "./Selection.ts"
import type { Mode } from "./Theme.ts"

/** Figures of which one stands for a run, the first that it has. */
const preferred = ["manifold", "conditional-grid", "samples", "reconstructions"]

/** Above this many runs only the sentences are shown. */
const mostPictures = 12

/** Pixels of a picture's sides: larger where there are few. */
const pictureSize = (runs: number): number => (runs <= 3 ? 176 : 96)

/** The first PNG inside a view. */
export const pictureIn = (value: Json): string | undefined => {
  if (typeof value === "string") return value.startsWith("data:image/png;base64,") ? value : undefined
  if (typeof value !== "object" || value === null) return undefined
  for (const member of Object.values(value)) {
    const found = pictureIn(member as Json)
    if (found !== undefined) return found
  }
  return undefined
}

interface PictureProps {
  readonly exhibit: FigureEntry
  readonly run: RunData
  readonly size: number
}

const Picture = ({ exhibit, run, size }: PictureProps) => {
  const { value } = useEffectful(
    () => Effect.map(part(exhibit.part, FigureData), ({ view }) => pictureIn(view)),
    [exhibit.part]
  )
  return <img src={value} alt={`${nameOf(run)}: ${exhibit.title}`} width={size} height={size} />
}

/** The figure that compares the runs: rate against distortion where the runs have both, else the first. */
export const comparisonOf = ({ figures }: Pick<ReportData, "figures">): FigureData | undefined =>
  figures.find(({ name }) => name === "rate-distortion") ?? figures[0]

export const Glance = ({ data, mode }: { readonly data: ReportData; readonly mode: Mode }) => {
  const figure = comparisonOf(data)
  const shown = preferred.find((name) => data.runs.some(({ exhibits }) => exhibits.some((one) => one.name === name)))
  return (
    <div class="glance">
      {figure !== undefined && <Chart figure={figure} mode={mode} eager />}
      <ul aria-label="One sentence per run">
        {data.runs.map((run) => {
          const exhibit = data.runs.length > mostPictures ? undefined : run.exhibits.find(({ name }) => name === shown)
          return (
            <li key={run.id} data-run={run.id} data-status={run.status}>
              {exhibit !== undefined && <Picture exhibit={exhibit} run={run} size={pictureSize(data.runs.length)} />}
              <p>
                <strong>{nameOf(run)}</strong> {run.sentence}
              </p>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
