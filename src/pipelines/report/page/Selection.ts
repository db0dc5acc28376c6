/**
 * The selected runs: one, or two side by side.
 */
import type { RunData } from "../ReportData.ts"

export interface Selection {
  readonly first: RunData
  readonly second: RunData | undefined
}

/** Ids of the selected runs; a missing run is replaced by an existing one. */
export interface Chosen {
  readonly first: string | undefined
  readonly second: string | undefined
}

/** The selection among the visible runs; undefined if there are none. */
export const selectionOf = (runs: ReadonlyArray<RunData>, { first, second }: Chosen): Selection | undefined => {
  const found = runs.find(({ id }) => id === first) ?? runs[0]
  return found && { first: found, second: runs.find(({ id }) => id === second && id !== found.id) }
}

/** The selected runs in order. */
export const members = ({ first, second }: Selection): ReadonlyArray<RunData> =>
  second === undefined ? [first] : [first, second]

/** A run's label, or its id. */
export const nameOf = ({ id, label }: RunData): string => (label === "" ? `run ${id}` : label)

/** Whether a run has figures or a model. */
export const isVisible = ({ exhibits, model }: RunData): boolean => exhibits.length > 0 || model !== undefined
