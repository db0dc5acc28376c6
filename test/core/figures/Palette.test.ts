import { assert, describe, it } from "@effect/vitest"
import { categorical, colorScale, shapeScale } from "../../../src/core/figures/Palette.ts"

type Vector = readonly [number, number, number]
type Matrix = readonly [Vector, Vector, Vector]

const times = (matrix: Matrix, vector: Vector): Vector =>
  matrix.map((row) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]) as unknown as Vector

/** How linear RGB looks with all cones and with one of the three missing: Machado et al. 2009, table 1, severity 1. */
const visions: Readonly<Record<string, Matrix>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1]
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]
  ]
}

const linear = (hex: string): Vector =>
  [1, 3, 5].map((start) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as unknown as Vector

/** CIELAB of linear sRGB, white D65. */
const lab = (color: Vector): Vector => {
  const clipped = color.map((value) => Math.min(1, Math.max(0, value))) as unknown as Vector
  const [x, y, z] = times(
    [
      [0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339 / 1.08883, 0.119192 / 1.08883, 0.9503041 / 1.08883]
    ],
    clipped
  ).map((value) =>
    value > 216 / 24389 ? Math.cbrt(value) : (24389 / 27 / 116) * value + 16 / 116
  ) as unknown as Vector
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

describe("Palette", () => {
  it.each(Object.keys(visions))("has ten colours that stay apart with %s", (vision) => {
    const seen = categorical.map((color) => lab(times(visions[vision]!, linear(color))))
    assert.strictEqual(seen.length, 10)
    seen.forEach((left, index) => {
      for (const right of seen.slice(index + 1)) {
        assert.isAtLeast(Math.hypot(left[0] - right[0], left[1] - right[1], left[2] - right[2]), 28)
      }
    })
  })

  it("has no colour too light for white paper", () => {
    for (const color of categorical) assert.isAtMost(lab(linear(color))[0], 80)
  })

  it("distinguishes sixty categories by colour and shape", () => {
    const categories = Array.from({ length: 60 }, (_, index) => String(index))
    const colors = colorScale(categories)["range"] as ReadonlyArray<string>
    const shapes = shapeScale(categories)["range"] as ReadonlyArray<string>
    assert.strictEqual(new Set(categories.map((_, index) => `${colors[index]} ${shapes[index]}`)).size, 60)
  })
})
