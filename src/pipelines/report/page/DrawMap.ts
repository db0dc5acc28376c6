/**
 * Draws the latent plane: one point per test image in the colour of its class, over the decoder's images.
 */
import { along, type Codes, type Extent, onMap } from "./Codes.ts"

export interface MapOptions {
  readonly codes: Codes | undefined
  readonly extent: Extent
  readonly horizontal: number
  /** Undefined for a one-dimensional latent space. */
  readonly vertical: number | undefined
  readonly colors: ReadonlyArray<string>
  /** The only class shown. */
  readonly only: number | undefined
  readonly background: CanvasImageSource | undefined
}

/** Vertical position of a point of a one-dimensional latent space, spread by its index. */
const spreadOut = (index: number): number => 0.05 + 0.9 * ((index * 0.618034) % 1)

/** Draws into a square canvas of `size` pixels. */
export const drawMap = (context: CanvasRenderingContext2D, size: number, options: MapOptions): void => {
  const { background, codes, colors, extent, horizontal, only, vertical } = options
  context.clearRect(0, 0, size, size)
  if (background !== undefined) {
    context.imageSmoothingEnabled = false
    context.drawImage(background, 0, 0, size, size)
  }
  if (codes === undefined) return
  const [first, second] = [along(codes, horizontal), vertical === undefined ? undefined : along(codes, vertical)]
  const radius = Math.max(1, size / 320) * (codes.count > 3000 ? 1 : 1.5)
  context.globalAlpha = codes.count > 3000 ? 0.6 : 0.8
  for (let index = 0; index < codes.count; index++) {
    const label = codes.labels?.[index] ?? 0
    if (only !== undefined && label !== only) continue
    const [right, up] = onMap(extent, first[index]!, second === undefined ? 0 : second[index]!)
    const height = second === undefined ? spreadOut(index) : up
    if (right < 0 || right > 1 || height < 0 || height > 1) continue
    context.fillStyle = colors[label % colors.length]!
    context.beginPath()
    context.arc(right * size, (1 - height) * size, radius, 0, 2 * Math.PI)
    context.fill()
  }
  context.globalAlpha = 1
}
