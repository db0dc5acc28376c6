/**
 * The theme of all figures: one Vega-Lite configuration.
 */
import type { Config } from "vega-lite"

/** The font of all text, with fallbacks of similar widths for pages. */
export const fontFamily = "DejaVu Sans, Verdana, sans-serif"

const ink = "#222222"
const quiet = "#8a8a8a"

export const theme: Config = {
  font: fontFamily,
  background: "white",
  padding: 14,
  title: {
    anchor: "start",
    frame: "bounds",
    color: ink,
    fontSize: 15,
    fontWeight: "bold",
    subtitleColor: ink,
    offset: 14
  },
  axis: {
    labelColor: ink,
    labelFontSize: 11,
    labelSeparation: 8,
    titleColor: ink,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 8,
    domainColor: quiet,
    tickColor: quiet,
    gridColor: "#e8e8e8"
  },
  legend: {
    labelColor: ink,
    labelFontSize: 11,
    labelLimit: 0,
    titleColor: ink,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titleLimit: 0,
    symbolLimit: 0,
    symbolStrokeWidth: 0
  },
  header: { labelColor: ink, labelFontSize: 12, titleColor: ink },
  view: { stroke: "#cfcfcf" }
}
