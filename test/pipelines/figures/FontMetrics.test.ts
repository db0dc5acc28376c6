import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import { Resvg } from "@resvg/resvg-js"
import { textWidth } from "../../../src/pipelines/figures/FontMetrics.ts"

const file = createRequire(import.meta.url).resolve("#font-regular")
const width = textWidth(readFileSync(file))

describe("FontMetrics", () => {
  it("reads the widths of the font's table", () => {
    // DejaVu Sans 2.37: a digit advances 1303 of 2048 units, a space 651.
    assert.strictEqual(width("0"), 1303 / 2048)
    assert.strictEqual(width("0 0"), (2 * 1303 + 651) / 2048)
    assert.strictEqual(width(""), 0)
  })

  it("agrees with the renderer about Latin, Greek and mathematical text", () => {
    for (const text of ["Hamburgefonstiv", "βσκλΣ", "−1.5 ≤ z₁", "𝔸𝔹"]) {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="100"><text y="60" font-size="50" font-family="DejaVu Sans">${text}</text></svg>`
      const box = new Resvg(svg, { font: { loadSystemFonts: false, fontFiles: [file] } }).innerBBox()
      // Ink leaves out the space before the first letter and after the last one.
      assert.isDefined(box)
      assert.approximately(50 * width(text), box!.width, 8, text)
    }
  })

  it("uses the width of the replacement glyph for unknown characters", () => {
    assert.isAbove(width("\u{10ffff}"), 0)
  })

  it("refuses other files", () => {
    assert.throws(() => textWidth(new Uint8Array(64)), RangeError)
  })
})
