/**
 * Figures and animations of the selected runs, or of all runs side by side.
 */
import { Effect } from "effect"
import { useState } from "preact/hooks"
import { type FigureEntry, FigureData, type RunData } from "../ReportData.ts"
import { Chart } from "./Chart.tsx"
import { useEffectful, useNear } from "./Hooks.ts"
import { part } from "./Assets.ts"
import { members, nameOf, type Selection } from "./Selection.ts"
import type { Mode } from "./Theme.ts"

interface ExhibitProps {
  readonly run: RunData
  readonly exhibit: FigureEntry
  readonly mode: Mode
  /** Whether many are shown. */
  readonly many: boolean
}

const StoredFigure = ({ exhibit, many, mode, run }: ExhibitProps) => {
  // Loaded early: its content determines its height, so that the page does not jump.
  const { near: wanted, ref } = useNear<HTMLDivElement>(!many)
  const { error, value } = useEffectful(
    () =>
      wanted
        ? Effect.map(part(exhibit.part, FigureData), (figure) => ({
            ...figure,
            // The file name of a saved figure.
            name: `${run.id}-${figure.name}`
          }))
        : undefined,
    [wanted, exhibit.part]
  )
  return (
    <div ref={ref} class="exhibit">
      {error !== undefined && <p class="error">{error}</p>}
      {value === undefined ? (
        <p class="quiet">{exhibit.title}</p>
      ) : (
        <Chart figure={value} mode={mode} level={4} eager={!many} />
      )}
    </div>
  )
}

const Animation = ({ exhibit }: ExhibitProps) => (
  <figure class="chart exhibit">
    <h4>{exhibit.title}</h4>
    <img src={`report/${exhibit.part}`} alt={exhibit.caption} loading="lazy" />
    <figcaption>{exhibit.caption}</figcaption>
  </figure>
)

const Member = (props: ExhibitProps) => (
  <div class="member" data-run={props.run.id}>
    <h3 class="run">{nameOf(props.run)}</h3>
    {props.exhibit.kind === "figure" ? <StoredFigure {...props} /> : <Animation {...props} />}
  </div>
)

/** Names of all runs' exhibits, in order of first appearance. */
const namesOf = (runs: ReadonlyArray<RunData>): ReadonlyArray<string> => [
  ...new Set(runs.flatMap(({ exhibits }) => exhibits.map(({ name }) => name)))
]

/** `latent-scatter` as `latent scatter`. */
const words = (name: string): string => name.replaceAll("-", " ")

export interface FiguresProps {
  readonly runs: ReadonlyArray<RunData>
  readonly selection: Selection
  readonly mode: Mode
  /** Names of the figures of the whole sweep. */
  readonly above: ReadonlySet<string>
}

export const Figures = ({ above, mode, runs, selection }: FiguresProps) => {
  const names = namesOf(runs)
  const [asked, setAsked] = useState<string | undefined>(undefined)
  const [all, setAll] = useState(false)
  const name = asked !== undefined && names.includes(asked) ? asked : (names.find((one) => !above.has(one)) ?? names[0])
  if (name === undefined) return <p class="quiet">No run has a figure yet.</p>
  const shown = all ? runs : members(selection)
  return (
    <>
      <div class="actions">
        <label>
          figure{" "}
          <select name="figure" value={name} onChange={(event) => setAsked(event.currentTarget.value)}>
            {names.map((option) => (
              <option key={option} value={option}>
                {words(option)}
              </option>
            ))}
          </select>
        </label>
        {runs.length > 1 && (
          <label>
            <input type="checkbox" name="all-runs" checked={all} onChange={() => setAll(!all)} /> all runs beside each
            other
          </label>
        )}
      </div>
      <div class={all ? "members many" : "members"}>
        {shown.map((run, place) => {
          const exhibit = run.exhibits.find((candidate) => candidate.name === name)
          return exhibit === undefined ? (
            <p key={run.id} class="quiet">
              {nameOf(run)} has no {words(name)}.
            </p>
          ) : (
            <Member key={all ? run.id : place} run={run} exhibit={exhibit} mode={mode} many={all} />
          )
        })}
      </div>
    </>
  )
}
