/**
 * Compares two runs side by side: parameters, specs, provenance and metrics that differ.
 */
import { DateTime } from "effect"
import { canonicalJson, type Json } from "../../core/Spec.ts"
import * as Columns from "../store/Columns.ts"
import { formatNumber, formatSpec } from "./DescribeRun.ts"
import { type Difference, differences } from "../plan/Differences.ts"
import type { Manifest } from "../store/Manifest.ts"
import type { RunSnapshot } from "./RunSnapshot.ts"

/** A run with a readable manifest. */
export interface ComparedRun extends RunSnapshot {
  readonly manifest: Manifest
}

export interface Section {
  readonly title: string
  readonly differences: ReadonlyArray<Difference>
  /** Names of the fields that are equal in both. */
  readonly same: ReadonlyArray<string>
}

type Members = Readonly<Record<string, Json>>

const section = (title: string, left: Members, right: Members): Section => {
  const found = differences(left, right)
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  const differing = (name: string) => found.some(({ path }) => path === name || path.startsWith(`${name}.`))
  return { title, differences: found, same: names.filter((name) => !differing(name)) }
}

const secondsOf = ({ ended, started }: Manifest): Members =>
  ended === undefined
    ? {}
    : { "seconds taken": (DateTime.toEpochMillis(ended) - DateTime.toEpochMillis(started)) / 1000 }

const provenance = (manifest: Manifest): Members => {
  const { data, engine, experiment, git, host, versions } = manifest
  const members = { experiment, data, engine, versions, ...(git === undefined ? {} : { code: git }), host }
  return { ...(members as unknown as Members), ...secondsOf(manifest) }
}

/** Encodes numbers as JSON, with NaN and infinities as strings. */
const numbers = (metrics: Readonly<Record<string, number>>): Members =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : String(value)])
  )

/** What differs between two runs, by section. */
export const compare = (left: ComparedRun, right: ComparedRun): ReadonlyArray<Section> => {
  const parameters = ({ parameters, seed }: Manifest): Members => ({ ...parameters, seed })
  const specs = ({ specs }: Manifest): Members => specs as unknown as Members
  return [
    section("parameters", parameters(left.manifest), parameters(right.manifest)),
    section("specs", specs(left.manifest), specs(right.manifest)),
    section("provenance", provenance(left.manifest), provenance(right.manifest)),
    section(
      "metrics, in nats per image unless their name says otherwise",
      { ...numbers(left.metrics), status: left.status },
      { ...numbers(right.metrics), status: right.status }
    )
  ]
}

const isDigest = (value: string): boolean => /^[0-9a-f]{40,}$/.test(value)

const cell = (value: Json | undefined): string => {
  if (value === undefined) return "-"
  if (typeof value === "number") return formatNumber(value)
  if (typeof value === "string") return isDigest(value) ? value.slice(0, 12) : value
  return Array.isArray(value) || (value !== null && typeof value === "object")
    ? formatSpec(value)
    : canonicalJson(value)
}

const change = ({ left, right }: Difference): string => {
  if (typeof left !== "number" || typeof right !== "number") return ""
  const difference = right - left
  return `${difference > 0 ? "+" : ""}${formatNumber(difference)}`
}

const table = ({ differences, same, title }: Section): ReadonlyArray<string> => {
  const columns: ReadonlyArray<Columns.Column> = [
    { header: "", cells: differences.map(({ path }) => `  ${path}`) },
    { header: "A", cells: differences.map(({ left }) => cell(left)), right: true },
    { header: "B", cells: differences.map(({ right }) => cell(right)), right: true },
    { header: "B - A", cells: differences.map(change), right: true }
  ]
  return [
    "",
    title,
    ...(differences.length === 0 ? [] : Columns.lines(columns)),
    ...(same.length === 0 ? [] : [`  the same: ${same.join(", ")}`])
  ]
}

/** The sections as text for a terminal. */
export const format = (sections: ReadonlyArray<Section>): string => sections.flatMap(table).join("\n")
