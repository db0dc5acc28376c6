/**
 * Which runs one looks at: one, or two beside each other.
 */
import type { RunData } from "../ReportData.ts"

export interface Selection {
  readonly first: RunData
  readonly second: RunData | undefined
}

/** Ids of the chosen runs; a run that is no longer there is replaced by one that is. */
export interface Chosen {
  readonly first: string | undefined
  readonly second: string | undefined
}

/** The runs that are chosen among those that can be looked at; undefined where there are none. */
export const selectionOf = (runs: ReadonlyArray<RunData>, { first, second }: Chosen): Selection | undefined => {
  const found = runs.find(({ id }) => id === first) ?? runs[0]
  return found && { first: found, second: runs.find(({ id }) => id === second && id !== found.id) }
}

/** The chosen ones, first to last. */
export const members = ({ first, second }: Selection): ReadonlyArray<RunData> =>
  second === undefined ? [first] : [first, second]

/** A run's name in the sweep. */
export const nameOf = ({ id, label }: RunData): string => (label === "" ? `run ${id}` : label)

/** Whether there is something to look at. */
export const isVisible = ({ exhibits, model }: RunData): boolean => exhibits.length > 0 || model !== undefined
