/**
 * Test images to select.
 */
import { Effect } from "effect"
import { ImagesData, type ModelData } from "../ReportData.ts"
import { useEffectful } from "./Hooks.ts"
import { ImageView } from "./ImageView.tsx"
import { bytesOf, part } from "./Assets.ts"

export interface Example {
  readonly index: number
  readonly label: number | undefined
  /** `[height, width, channels]`, 0 to 1. */
  readonly pixels: Float32Array
  readonly name: string
}

const examplesOf = ({ classes, images, shape }: ModelData) =>
  Effect.map(part(images!, ImagesData), ({ examples }): ReadonlyArray<Example> => {
    const size = shape.height * shape.width * shape.channels
    const bytes = bytesOf(examples.pixels)
    return examples.indices.map((index, place) => {
      const label = examples.labels?.[place]
      const name = `test image ${index}${label === undefined ? "" : ` (${classes?.[label] ?? label})`}`
      const pixels = Float32Array.from(bytes.subarray(place * size, (place + 1) * size), (byte) => byte / 255)
      return { index, label, pixels, name }
    })
  })

export interface ExamplesProps {
  readonly model: ModelData
  readonly ready: boolean
  readonly onChoose: (example: Example) => void
}

export const Examples = ({ model, onChoose, ready }: ExamplesProps) => {
  const { error, value } = useEffectful(
    () => (ready && model.images !== undefined ? examplesOf(model) : undefined),
    [ready, model.images]
  )
  if (error !== undefined) return <p class="error">{error}</p>
  return (
    <div class="examples" role="group" aria-label="Test images">
      {value?.map((example) => (
        <button key={example.index} type="button" title={example.name} onClick={() => onChoose(example)}>
          <ImageView shape={model.shape} values={example.pixels} label={example.name} size={36} />
        </button>
      ))}
    </div>
  )
}
