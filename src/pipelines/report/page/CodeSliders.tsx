/**
 * One slider per dimension of the code.
 */
import { text } from "./Numbers.ts"

export interface CodeSlidersProps {
  readonly code: Float32Array
  /** Posterior standard deviation of an image. */
  readonly deviation: Float32Array | undefined
  /** Range of the slider in each dimension, on either side of 0. */
  readonly reach: ReadonlyArray<number>
  readonly onChange: (code: Float32Array) => void
}

export const CodeSliders = ({ code, deviation, onChange, reach }: CodeSlidersProps) => (
  <div class="sliders" role="group" aria-label="Code">
    {Array.from(code, (value, dimension) => (
      <label key={dimension}>
        <span>z{dimension + 1}</span>
        <input
          type="range"
          name={`z${dimension + 1}`}
          min={-reach[dimension]!}
          max={reach[dimension]}
          step={reach[dimension]! / 200}
          value={value}
          onInput={(event) => onChange(code.with(dimension, Number(event.currentTarget.value)))}
        />
        <output>
          {text(Number(value.toFixed(3)))}
          {deviation !== undefined && <small> ± {text(Number(deviation[dimension]!.toFixed(3)))}</small>}
        </output>
      </label>
    ))}
  </div>
)
