/**
 * Selects the run that the page shows, by the sweep's parameters, and a second one for comparison.
 */
import type { RunData } from "../ReportData.ts"
import { type Axis, placeOf, runAt } from "./Runs.ts"
import { type Chosen, nameOf, type Selection } from "./Selection.ts"

export interface RunSelectorProps {
  readonly runs: ReadonlyArray<RunData>
  readonly axes: ReadonlyArray<Axis>
  readonly selection: Selection
  readonly onChoose: (chosen: Chosen) => void
}

interface SliderProps {
  readonly axis: Axis
  readonly run: RunData
  readonly onMove: (value: string) => void
}

const Slider = ({ axis, onMove, run }: SliderProps) => {
  const place = placeOf(run, axis)
  return (
    <label class="axis">
      <span>
        {axis.name} = <output>{place}</output>
      </span>
      <input
        type="range"
        name={axis.name}
        min={0}
        max={axis.values.length - 1}
        step={1}
        value={axis.values.indexOf(place)}
        aria-valuetext={place}
        onInput={(event) => onMove(axis.values[Number(event.currentTarget.value)]!)}
      />
    </label>
  )
}

export const RunSelector = ({ axes, onChoose, runs, selection }: RunSelectorProps) => {
  const { first, second } = selection
  const chosen = { first: first.id, second: second?.id }
  return (
    <section class="bar" aria-label="Run">
      {axes.map((axis) => (
        <Slider
          key={axis.name}
          axis={axis}
          run={first}
          onMove={(value) => onChoose({ ...chosen, first: runAt(runs, axes, first, axis, value).id })}
        />
      ))}
      <label class="second">
        <span>beside it</span>
        <select
          name="second"
          value={second?.id ?? ""}
          onChange={(event) => onChoose({ ...chosen, second: event.currentTarget.value || undefined })}
        >
          <option value="">no other run</option>
          {runs
            .filter(({ id }) => id !== first.id)
            .map((run) => (
              <option key={run.id} value={run.id}>
                {nameOf(run)}
              </option>
            ))}
        </select>
      </label>
    </section>
  )
}
