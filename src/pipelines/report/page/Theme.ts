/**
 * Light and dark colours of charts. Figures are defined in light colours; on a dark page each is replaced by its
 * counterpart.
 */
import type { Config } from "vega-lite"
import { categorical } from "../../../core/figures/Palette.ts"
import type { Json } from "../../../core/Spec.ts"
import { theme as light } from "../../figures/FigureTheme.ts"
import { categoricalDark } from "./DarkPalette.ts"

export type Mode = "light" | "dark"

/** Background, foreground and muted colours. */
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

/** The colour that replaces `color` in a mode. */
export const colorIn = (mode: Mode, color: string): string => (mode === "dark" ? (partners[color] ?? color) : color)

/** The categorical colours. */
export const classColors = (mode: Mode): ReadonlyArray<string> => (mode === "dark" ? categoricalDark : categorical)

const isColorKey = (key: string): boolean => /^(?:range|fill|stroke|background|.*color)$/i.test(key)

/** A view in a mode's colours; its data is not changed. */
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

/** The chart configuration of the page: as in files, on the page's background, with tooltips. */
export const pageConfig = (mode: Mode): Config => ({
  ...(recolored(mode, light as unknown as Json) as Config),
  mark: { tooltip: { content: "encoding" } },
  background: "transparent",
  padding: 4
})
