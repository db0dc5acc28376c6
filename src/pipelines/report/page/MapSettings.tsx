/**
 * Settings of the map: dimensions, class, range.
 */
export interface MapSettingsProps {
  readonly latent: number
  readonly horizontal: number
  readonly vertical: number | undefined
  readonly classes: ReadonlyArray<string> | undefined
  readonly hasLabels: boolean
  readonly colors: ReadonlyArray<string>
  readonly only: number | undefined
  readonly wholePrior: boolean
  readonly behind: boolean
  readonly onDimensions: (dimensions: readonly [number, number]) => void
  readonly onOnly: (label: number | undefined) => void
  readonly onWholePrior: (whole: boolean) => void
  readonly onBehind: (behind: boolean) => void
}

interface DimensionProps {
  readonly name: string
  readonly latent: number
  readonly value: number
  readonly onChange: (dimension: number) => void
}

const Dimension = ({ latent, name, onChange, value }: DimensionProps) => (
  <label>
    {name}{" "}
    <select name={name} value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
      {Array.from({ length: latent }, (_, dimension) => (
        <option key={dimension} value={dimension}>
          z{dimension + 1}
        </option>
      ))}
    </select>
  </label>
)

export const MapSettings = (props: MapSettingsProps) => {
  const { behind, classes, colors, hasLabels, horizontal, latent, only, vertical, wholePrior } = props
  return (
    <>
      <p class="actions">
        {latent > 2 && vertical !== undefined && (
          <>
            <Dimension
              name="across"
              latent={latent}
              value={horizontal}
              onChange={(dimension) => props.onDimensions([dimension, vertical])}
            />
            <Dimension
              name="up"
              latent={latent}
              value={vertical}
              onChange={(dimension) => props.onDimensions([horizontal, dimension])}
            />
          </>
        )}
        <label>
          <input type="checkbox" name="prior" checked={wholePrior} onChange={() => props.onWholePrior(!wholePrior)} />{" "}
          the prior's region (±3)
        </label>
        {latent === 2 && (
          <label>
            <input type="checkbox" name="behind" checked={behind} onChange={() => props.onBehind(!behind)} /> images
            behind the codes
          </label>
        )}
      </p>
      {hasLabels && classes !== undefined && (
        <p class="legend" role="group" aria-label="Classes on the map">
          {classes.map((name, index) => (
            <button
              key={index}
              type="button"
              aria-pressed={only === index}
              onClick={() => props.onOnly(only === index ? undefined : index)}
            >
              <span class="swatch" style={{ background: colors[index % colors.length] }} aria-hidden="true" /> {name}
            </button>
          ))}
        </p>
      )}
    </>
  )
}
