/**
 * Describes one run as text for a terminal.
 */
import { DateTime, Predicate } from "effect"
import type { Json } from "../../core/Spec.ts"
import * as Columns from "../store/Columns.ts"
import * as FolderFiles from "../files/FolderFiles.ts"
import type { Manifest } from "../store/Manifest.ts"
import { duration } from "../console/Progress.ts"
import type { RunSnapshot } from "./RunSnapshot.ts"
import { rowOf } from "./Rows.ts"
import type { SummaryRow } from "../store/SummaryRow.ts"
import * as SummaryTable from "../store/SummaryTable.ts"

/** A number with four decimals, in scientific notation if it is too small or too large; integers without decimals. */
export const formatNumber = (value: number): string => {
  const size = Math.abs(value)
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value)
  return size < 0.001 || size >= 1e9 ? value.toExponential(3) : value.toFixed(4)
}

/** A spec as text: `Adam (learningRate 0.001, beta1 0.9)`. */
export const formatSpec = (value: Json): string => {
  if (Array.isArray(value))
    return value.every(Predicate.isNumber) ? value.join("-") : `[${value.map(formatSpec).join(", ")}]`
  if (!Predicate.isObject(value)) return String(value)
  const { _tag, ...members } = value as { readonly [name: string]: Json }
  const parts = Object.entries(members).map(([name, member]) => `${name} ${formatSpec(member)}`)
  const inner = parts.length === 0 ? "" : `(${parts.join(", ")})`
  return [_tag === undefined ? "" : String(_tag), inner].filter((part) => part !== "").join(" ")
}

const time = (date: DateTime.Utc): string =>
  DateTime.formatIso(date)
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC")

const timeText = ({ ended, started }: Pick<Manifest, "ended" | "started">): string => {
  if (ended === undefined) return `started ${time(started)}, no end recorded`
  const seconds = (DateTime.toEpochMillis(ended) - DateTime.toEpochMillis(started)) / 1000
  return `${time(started)} to ${time(ended)} (${duration(seconds)})`
}

/** `OnnxRuntime on cpu, threads 2, version 1.30.0`. */
const engineText = ({ _tag, device, ...rest }: Manifest["engine"]): string =>
  [`${_tag} on ${device}`, ...Object.entries(rest).map(([name, value]) => `${name} ${value}`)].join(", ")

const codeText = ({ git }: Manifest): string => {
  if (git === undefined) return "not in a checkout"
  const diff = git.diff === undefined ? "" : ` (diff ${git.diff.slice(0, 12)})`
  return `commit ${git.commit.slice(0, 12)}${git.dirty ? `, with changes${diff}` : ""}`
}

type Entries = ReadonlyArray<readonly [name: string, value: string]>

const section = (title: string, entries: Entries): ReadonlyArray<string> =>
  entries.length === 0 ? [] : ["", title, Columns.named(entries)]

const parameters = (manifest: Manifest): Entries => [
  ...Object.entries(manifest.parameters).map(([name, value]) => [name, SummaryTable.valueText(value)] as const),
  ["seed", String(manifest.seed)]
]

/** The run's specs, data, code, machine and time; one line per earlier process. */
const origin = (manifest: Manifest): Entries => {
  const { data, earlier = [], engine, host, specs, versions } = manifest
  return [
    ...Object.entries(specs).map(([name, spec]) => [name, formatSpec(spec as Json)] as const),
    ["data", `${data.location} (${data.source}), sha256 ${data.digest}`],
    ["engine", engineText(engine)],
    [
      "versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", ")
    ],
    ["code", codeText(manifest)],
    ["host", `${host.name ?? ""} ${host.platform} ${host.arch}, ${host.cpu}, ${host.cores} cores`.trimStart()],
    ["time", timeText(manifest)],
    ...earlier.map(
      (part) => ["before", `from step ${part.fromStep ?? "?"}: ${timeText(part)}, ${part.status}`] as const
    )
  ]
}

const metricsTable = (reading: RunSnapshot, row: SummaryRow | undefined): ReadonlyArray<string> => {
  const { metrics } = rowOf(reading, row)
  const references = row?.reference ?? {}
  const names = [...new Set([...Object.keys(metrics), ...Object.keys(references)])]
  if (names.length === 0) return []
  const measured = (name: string): string => (metrics[name] === undefined ? "" : formatNumber(metrics[name]))
  const hasReferences = Object.keys(references).length > 0
  const columns: ReadonlyArray<Columns.Column> = [
    { header: "", cells: names.map((name) => `  ${name}`) },
    { header: hasReferences ? "measured" : "", cells: names.map(measured), right: true },
    ...(hasReferences
      ? [{ header: "reported", cells: names.map((name) => SummaryTable.valueText(references[name])), right: true }]
      : [])
  ]
  return ["", "metrics, in nats per image unless their name says otherwise", ...Columns.lines(columns)]
}

/** The contents of a subfolder: `2 files, 30 kB: curves, samples`. */
const holdings = (
  files: ReadonlyArray<FolderFiles.FolderFile>,
  folder: string,
  names: ReadonlyArray<string> = []
): Entries => {
  const within = files.filter(({ path, type }) => path.startsWith(`${folder}/`) && type === "File")
  if (within.length === 0) return []
  const count = `${within.length} ${within.length === 1 ? "file" : "files"}`
  const size = FolderFiles.size(FolderFiles.bytesOf(within))
  return [[`${folder}/`, `${count}, ${size}${names.length === 0 ? "" : `: ${names.join(", ")}`}`]]
}

/** The description of a run. `row` is its row in the experiment's summary, which has the reference values. */
export const describeRun = (
  reading: RunSnapshot,
  row: SummaryRow | undefined,
  files: ReadonlyArray<FolderFiles.FolderFile>
): string => {
  const { entry, faults, figures, manifest, status } = reading
  const failure =
    manifest?.exit?.message ?? (row?.error === undefined ? undefined : `an evaluation failed: ${row.error}`)
  return [
    `run ${entry.name} of ${manifest?.experiment ?? entry.run.experiment}: ${status}`,
    ...faults.map(({ message }) => `  ${message}`),
    ...(failure === undefined ? [] : [`  ${failure}`]),
    ...(manifest === undefined ? [] : section("parameters", parameters(manifest))),
    ...metricsTable(reading, row),
    ...(manifest === undefined ? [] : section("made from", origin(manifest))),
    ...section("files", [
      ["folder", `${entry.run.directory} (${FolderFiles.size(FolderFiles.bytesOf(files))})`],
      ...holdings(files, "checkpoints"),
      ...holdings(files, "snapshots"),
      ...holdings(files, "model"),
      ...holdings(files, "evaluations"),
      ...holdings(files, "figures", figures)
    ])
  ].join("\n")
}
