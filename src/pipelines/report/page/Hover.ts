/**
 * Tooltips for line charts: the pointer selects the nearest x value, and one tooltip shows all lines' values there.
 */
import type { VegaLiteView } from "../../../core/Figure.ts"
import type { Json } from "../../../core/Spec.ts"

const isRecord = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isList = (value: Json | undefined): value is ReadonlyArray<Json> => Array.isArray(value)

interface Lines {
  readonly values: ReadonlyArray<{ readonly [key: string]: Json }>
  readonly encoding: { readonly [key: string]: Json }
  /** The fields of the axes and of the series. */
  readonly x: string
  readonly y: string
  readonly series: string
  /** Whether lines share a colour; then the tooltip shows the mean per colour. */
  readonly grouped: boolean
}

const fieldOf = (channel: Json | undefined): string | undefined =>
  isRecord(channel) && typeof channel["field"] === "string" ? channel["field"] : undefined

/** The lines of a view; undefined for another kind of view. */
const linesOf = (view: VegaLiteView): Lines | undefined => {
  const { data, encoding, mark } = view
  const isLine = mark === "line" || (isRecord(mark) && mark["type"] === "line")
  if (!isLine || !isRecord(encoding) || !isRecord(data) || !isList(data["values"])) return undefined
  const [x, y, series] = [encoding["x"], encoding["y"], encoding["color"]].map(fieldOf)
  const grouped = encoding["detail"] !== undefined
  if (x === undefined || y === undefined || series === undefined) return undefined
  return { values: data["values"].filter(isRecord), encoding, x, y, series, grouped }
}

const withRule = (view: VegaLiteView, lines: Lines, name: string): VegaLiteView => {
  const { encoding, grouped, series, values, x, y } = lines
  const labels = [...new Set(values.map((value) => String(value[series])))]
  // Dots and brackets in a field's name are syntax.
  const numbered = values.map((value) => ({ ...value, line: `line${labels.indexOf(String(value[series]))}` }))
  const { data: _data, encoding: _encoding, height, mark, width, ...rest } = view
  const title = isRecord(encoding["x"]) && typeof encoding["x"]["title"] === "string" ? encoding["x"]["title"] : x
  return {
    ...rest,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    data: { values: numbered },
    layer: [
      { mark: isRecord(mark) ? { ...mark, tooltip: null } : { type: "line", tooltip: null }, encoding },
      {
        transform: [{ pivot: "line", value: y, groupby: [x], op: "mean" }],
        mark: { type: "rule", color: "#8a8a8a", strokeWidth: 1 },
        params: [
          {
            name,
            select: { type: "point", fields: [x], nearest: true, on: "pointerover", clear: "pointerout" }
          }
        ],
        encoding: {
          x: encoding["x"]!,
          opacity: { condition: { param: name, empty: false, value: 1 }, value: 0 },
          tooltip: [
            { field: x, type: "quantitative", title },
            ...labels.map((label, index) => ({
              field: `line${index}`,
              type: "quantitative",
              title: grouped ? `${label}, mean` : label,
              format: ".5~g"
            }))
          ]
        }
      }
    ]
  }
}

/** The view with such a tooltip for each line chart. */
export const withHover = (view: VegaLiteView, name = "hover"): VegaLiteView => {
  const lines = linesOf(view)
  if (lines !== undefined) return withRule(view, lines, name)
  return Object.fromEntries(
    Object.entries(view).map(([key, value]): [string, Json] => [
      key,
      ["hconcat", "vconcat", "concat"].includes(key) && isList(value)
        ? value.map((member, index) => (isRecord(member) ? withHover(member, `${name}${index}`) : member))
        : value
    ])
  )
}
