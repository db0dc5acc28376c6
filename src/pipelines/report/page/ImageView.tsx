/**
 * An image as large pixels.
 */
import { useLayoutEffect, useRef } from "preact/hooks"
import type { ModelData } from "../ReportData.ts"

export type Shape = ModelData["shape"]

/** Draws `[height, width, channels]`, 0 to 1, into a canvas at an offset; other values are clipped. */
export const paint = (
  context: CanvasRenderingContext2D,
  { channels, height, width }: Shape,
  values: Float32Array,
  at: { readonly x: number; readonly y: number } = { x: 0, y: 0 }
): void => {
  const image = context.createImageData(width, height)
  // Read once, because the getter is slow.
  const { data } = image
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      // Uint8ClampedArray clamps and rounds.
      data[4 * pixel + channel] = 255 * values[pixel * channels + (channels === 1 ? 0 : channel)]!
    }
    data[4 * pixel + 3] = 255
  }
  context.putImageData(image, at.x, at.y)
}

export interface ImageViewProps {
  readonly shape: Shape
  readonly values: Float32Array | undefined
  /** Text alternative. */
  readonly label: string
  /** Longer side in CSS pixels. */
  readonly size: number
}

export const ImageView = ({ label, shape, size, values }: ImageViewProps) => {
  const ref = useRef<HTMLCanvasElement>(null)
  const { height, width } = shape
  useLayoutEffect(() => {
    const context = ref.current!.getContext("2d")!
    if (values === undefined) context.clearRect(0, 0, width, height)
    else paint(context, shape, values)
  }, [values, height, width])
  const scale = size / Math.max(height, width)
  return (
    <canvas
      ref={ref}
      class="pixels"
      role="img"
      aria-label={label}
      width={width}
      height={height}
      style={{ width: `${scale * width}px`, aspectRatio: `${width} / ${height}` }}
    />
  )
}
