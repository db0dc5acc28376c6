/**
 * Linear interpolation between two codes, decoded.
 */
import { useState } from "preact/hooks"
import type { RunData } from "../ReportData.ts"
import { between } from "./Codes.ts"
import { useEffectful } from "./Hooks.ts"
import { ImageView } from "./ImageView.tsx"
import { decode } from "./Networks.ts"
import { nameOf } from "./Selection.ts"

/** Number of images. */
const count = 11

interface StripProps {
  readonly run: RunData
  readonly from: Float32Array
  readonly to: Float32Array
  readonly label: number
}

const Strip = ({ from, label, run, to }: StripProps) => {
  const { model } = run
  const fits = model?.latent === from.length
  const { error, value } = useEffectful(
    () => (fits ? decode(run, between(from, to, count), label) : undefined),
    [run.id, from, to, label]
  )
  if (model === undefined || !fits) return null
  const { channels, height, width } = model.shape
  const size = height * width * channels
  return (
    <div class="strip" data-run={run.id} tabIndex={0} role="group" aria-label={`${nameOf(run)}: images on the line`}>
      {error !== undefined && <p class="error">{error}</p>}
      {Array.from({ length: count }, (_, step) => (
        <ImageView
          key={step}
          shape={model.shape}
          values={value?.subarray(step * size, (step + 1) * size)}
          label={`${nameOf(run)}: ${step} tenths of the way`}
          size={50}
        />
      ))}
    </div>
  )
}

export interface InterpolationProps {
  readonly runs: ReadonlyArray<RunData>
  readonly label: number
  /** The current code. */
  readonly code: Float32Array | undefined
  readonly from: Float32Array | undefined
  readonly to: Float32Array | undefined
  readonly onEnds: (from: Float32Array | undefined, to: Float32Array | undefined) => void
  /** Called with a code of the interpolation to show. */
  readonly onCode: (code: Float32Array) => void
}

export const Interpolation = ({ code, from, label, onCode, onEnds, runs, to }: InterpolationProps) => {
  const [part, setPart] = useState(0)
  return (
    <div class="between">
      <p class="actions">
        <button type="button" disabled={code === undefined} onClick={() => onEnds(code, to)}>
          Begin at this code
        </button>
        <button type="button" disabled={code === undefined} onClick={() => onEnds(from, code)}>
          End at this code
        </button>
        {from !== undefined && to !== undefined && (
          <label>
            along the line{" "}
            <input
              type="range"
              name="along"
              min={0}
              max={1}
              step={0.01}
              value={part}
              onInput={(event) => {
                const next = Number(event.currentTarget.value)
                setPart(next)
                onCode(
                  between(from, to, 101)
                    .slice(Math.round(next * 100) * from.length)
                    .slice(0, from.length)
                )
              }}
            />
          </label>
        )}
      </p>
      {from === undefined || to === undefined ? (
        <p class="quiet">Choose a code and begin the line there, then choose another and end it there.</p>
      ) : (
        runs.map((run) => <Strip key={run.id} run={run} from={from} to={to} label={label} />)
      )}
    </div>
  )
}
