/**
 * Damage to what a JSON text says: values, keys and structure change, and the text stays JSON.
 */
import type { Draw } from "./Mutations.ts"

/** A JSON text taken apart; an object may have a key twice. */
type Node = { readonly entries: Array<[string, Node]> } | { readonly items: Array<Node> } | { readonly scalar: string }

const nodeOf = (value: unknown): Node =>
  Array.isArray(value)
    ? { items: value.map(nodeOf) }
    : typeof value === "object" && value !== null
      ? { entries: Object.entries(value).map(([key, member]) => [key, nodeOf(member)]) }
      : { scalar: JSON.stringify(value) }

const textOf = (node: Node): string =>
  "scalar" in node
    ? node.scalar
    : "items" in node
      ? `[${node.items.map(textOf).join(",")}]`
      : `{${node.entries.map(([key, member]) => `${JSON.stringify(key)}:${textOf(member)}`).join(",")}}`

/** All nodes, the whole first. */
const nodesOf = (node: Node): ReadonlyArray<Node> => [
  node,
  ...("items" in node ? node.items : "entries" in node ? node.entries.map(([, member]) => member) : []).flatMap(nodesOf)
]

const scalars: ReadonlyArray<string> = [
  ..."null true false 0 -0 1 -1 0.5 1e999 -1e999 1e-400 9007199254740993 4294967296 18446744073709551616 [] {}".split(
    " "
  ),
  ..."NaN Infinity -Infinity __proto__ done .. / 0 -1 1e3 2026-03-01T10:00:00Z".split(" ").map((word) => `"${word}"`),
  '""',
  '"\\ud800"',
  '"\\u0000"',
  '"\u00e9"',
  "[[[[1]]]]",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}'
]

const keys: ReadonlyArray<string> = [
  "__proto__",
  "constructor",
  "toString",
  "length",
  "",
  "_tag",
  "0",
  "\u0000",
  "more"
]

const deep = (draw: Draw): string => {
  const depth = draw.pick([10, 1000, 20_000])
  const [open, close] = draw.pick([
    ["[", "]"],
    ['{"a":', "}"]
  ])
  return open.repeat(depth) + (open === "[" ? "" : "1") + close.repeat(depth)
}

const value = (draw: Draw, all: ReadonlyArray<Node>): Node =>
  draw.chance(0.05)
    ? { scalar: deep(draw) }
    : draw.chance(0.2)
      ? structuredClone(draw.pick(all))
      : { scalar: draw.pick(scalars) }

const edit = (root: Node, draw: Draw): void => {
  const all = nodesOf(root)
  const objects = all.flatMap((node) => ("entries" in node ? [node.entries] : []))
  const arrays = all.flatMap((node) => ("items" in node && node.items.length > 0 ? [node.items] : []))
  const inArray = arrays.length > 0 && draw.chance(0.2)
  if (inArray) {
    const items = draw.pick(arrays)
    const at = draw.below(items.length)
    return draw.pick([
      () => void items.splice(at, 1),
      () => void items.splice(at, 0, value(draw, all)),
      () => void items.splice(at, 1, value(draw, all)),
      () => void items.push(...items.splice(0, at))
    ])()
  }
  const entries = draw.pick(objects)
  const entry = entries[draw.below(entries.length)]
  if (entry === undefined) return void entries.push([draw.pick(keys), value(draw, all)])
  const number = "scalar" in entry[1] && /^-?\d+$/.test(entry[1].scalar) ? Number(entry[1].scalar) : undefined
  return draw.pick([
    () => void (entry[1] = value(draw, all)),
    () =>
      void (entry[1] = number === undefined ? value(draw, all) : { scalar: String(number + draw.pick([-1, 1, 0.5])) }),
    () => void (entry[1] = { items: [entry[1]] }),
    () => void (entry[0] = draw.pick(keys)),
    () => void entries.splice(entries.indexOf(entry), 1),
    () => void entries.push([draw.pick(keys), value(draw, all)]),
    // the same key twice
    () => void entries.push([entry[0], value(draw, all)]),
    () => void entries.unshift([entry[0], value(draw, all)]),
    () => void entries.push(...entries.splice(0, draw.below(entries.length))),
    () => {
      const other = draw.pick(entries)
      ;[entry[1], other[1]] = [other[1], entry[1]]
    }
  ])()
}

/** Another JSON text than that of `source`: one to three edits, or rarely none. */
export const reword = (source: unknown, draw: Draw): string => {
  const root = nodeOf(source)
  if ("scalar" in root) return root.scalar
  for (let left = draw.pick([0, 1, 1, 1, 2, 3]); left > 0; left--) edit(root, draw)
  return textOf(root)
}

/**
 * One text for equal values, with sorted keys, own keys alone: the canonical form of RFC 8785, and numbers that JSON lacks
 * as words.
 */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined"
  const own = Object.getOwnPropertyDescriptors(value)
  return `{${Object.keys(own)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(own[key]!.value)}`)
    .join(",")}}`
}
