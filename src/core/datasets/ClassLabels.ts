/**
 * Class indices of the labels in a table: a label is the name of a class or, where no class has that name, its index.
 */
import { Result } from "effect"

/** A label that is no class. `row` is 0 for the first. */
export interface LabelFault {
  readonly row: number
  readonly expected: string
  readonly found: string
}

/** One class index per value, `[values]`. */
export const indicesOf = (
  values: ReadonlyArray<unknown>,
  classes: ReadonlyArray<string>
): Result.Result<Uint8Array, LabelFault> => {
  const byName = new Map<string, number>([
    ...classes.map((_, index) => [String(index), index] as const),
    ...classes.map((name, index) => [name, index] as const)
  ])
  const labels = new Uint8Array(values.length)
  for (const [row, value] of values.entries()) {
    const label = value === null || value === undefined ? undefined : byName.get(String(value))
    if (label === undefined) {
      const names = classes.length <= 10 ? classes.join(", ") : `${classes.slice(0, 10).join(", ")}, ...`
      const found = value === null || value === undefined || value === "" ? "no label" : `"${String(value)}"`
      return Result.fail({ row, expected: `one of the classes ${names}, or an index below ${classes.length}`, found })
    }
    labels[row] = label
  }
  return Result.succeed(labels)
}
