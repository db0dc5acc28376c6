/**
 * Light and dark: the colours of what is drawn. A figure is defined in the colours of white paper; on a dark page each of
 * them is exchanged for its partner.
 */
import type { Config } from "vega-lite"
import { categorical } from "../../../core/figures/Palette.ts"
import type { Json } from "../../../core/Spec.ts"
import { theme as light } from "../../figures/FigureTheme.ts"
import { categoricalDark } from "./DarkPalette.ts"

export type Mode = "light" | "dark"

/** Paper, ink and what is fainter than ink. */
const partners: Readonly<Record<string, string>> = {
  white: "#16181d",
  "#ffffff": "#16181d",
  "#222222": "#e8e9ec",
  "#222": "#e8e9ec",
  black: "#e8e9ec",
  "#6b6b6b": "#a4a9b3",
  "#8a8a8a": "#8d929c",
  "#c4c4c4": "#545a66",
  "#cfcfcf": "#4a4f5a",
  "#e8e8e8": "#2c3038",
  ...Object.fromEntries(categorical.map((color, index) => [color, categoricalDark[index]!]))
}

/** The colour in which something defined in `color` is drawn. */
export const colorIn = (mode: Mode, color: string): string => (mode === "dark" ? (partners[color] ?? color) : color)

/** The colours of classes. */
export const classColors = (mode: Mode): ReadonlyArray<string> => (mode === "dark" ? categoricalDark : categorical)

const isColorKey = (key: string): boolean => /^(?:range|fill|stroke|background|.*color)$/i.test(key)

/** A view in a mode's colours; its data stays as it is. */
export const recolored = (mode: Mode, value: Json, isColor = false): Json => {
  if (mode === "light") return value
  if (typeof value === "string") return isColor ? colorIn(mode, value) : value
  if (Array.isArray(value)) return value.map((member: Json) => recolored(mode, member, isColor))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "data" ? member : recolored(mode, member, isColorKey(key) || (isColor && key === "value"))
    ])
  )
}

/** How charts look on the page: as on paper, on the page's own ground, with what is under the pointer told beside it. */
export const pageConfig = (mode: Mode): Config => ({
  ...(recolored(mode, light as unknown as Json) as Config),
  mark: { tooltip: { content: "encoding" } },
  background: "transparent",
  padding: 4
})
