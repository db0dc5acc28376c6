/**
 * Widths of text in a TrueType font, so that layout and drawing use the same font.
 *
 * Source: the OpenType specification, tables `cmap` (format 12), `hhea` and `hmtx`,
 * https://learn.microsoft.com/typography/opentype/spec/
 */

/** The width of a text in em, without kerning. */
export type TextWidth = (text: string) => number

/** Reads a font's widths. Throws a RangeError if the bytes are not a TrueType font with a full character map. */
export const textWidth = (font: Uint8Array): TextWidth => {
  const data = new DataView(font.buffer, font.byteOffset, font.byteLength)
  const tables = new Map<string, number>()
  for (let index = 0; index < data.getUint16(4); index++) {
    const entry = 12 + 16 * index
    tables.set(String.fromCharCode(...font.subarray(entry, entry + 4)), data.getUint32(entry + 8))
  }
  const table = (name: string): number => {
    const offset = tables.get(name)
    if (offset === undefined) throw new RangeError(`the font has no table "${name}"`)
    return offset
  }
  const unitsPerEm = data.getUint16(table("head") + 18)
  const wideGlyphs = data.getUint16(table("hhea") + 34)
  const advance = (glyph: number) => data.getUint16(table("hmtx") + 4 * Math.min(glyph, wideGlyphs - 1)) / unitsPerEm
  const widths = new Map<number, number>()
  const cmap = table("cmap")
  for (let index = 0; index < data.getUint16(cmap + 2); index++) {
    const subtable = cmap + data.getUint32(cmap + 8 + 8 * index)
    if (data.getUint16(subtable) !== 12) continue
    for (let group = 0; group < data.getUint32(subtable + 12); group++) {
      const [first, last, glyph] = [0, 4, 8].map((offset) => data.getUint32(subtable + 16 + 12 * group + offset))
      for (let code = first!; code <= last!; code++) widths.set(code, advance(glyph! + code - first!))
    }
  }
  if (widths.size === 0) throw new RangeError("the font has no character map of format 12")
  const unknown = advance(0)
  return (text) => [...text].reduce((sum, character) => sum + (widths.get(character.codePointAt(0)!) ?? unknown), 0)
}
