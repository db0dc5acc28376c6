/** Offsets in one buffer for values that are not all live at the same time. */

/** A value that is live while levels `from` to `to` are computed. */
export interface Lifetime<Value> {
  readonly value: Value
  readonly bytes: number
  readonly from: number
  readonly to: number
}

export interface Allocation<Value> {
  /** Total bytes. */
  readonly bytes: number
  readonly offsets: ReadonlyMap<Value, number>
}

const line = 64

/** The lowest offset for each value that overlaps no other live one; largest first. */
export const allocate = <Value>(lifetimes: ReadonlyArray<Lifetime<Value>>): Allocation<Value> => {
  const placed: Array<Lifetime<Value> & { readonly offset: number; readonly end: number }> = []
  for (const lifetime of lifetimes.toSorted((one, other) => other.bytes - one.bytes)) {
    const neighbours = placed
      .filter(({ from, to }) => from <= lifetime.to && lifetime.from <= to)
      .toSorted((one, other) => one.offset - other.offset)
    const bytes = Math.ceil(lifetime.bytes / line) * line
    let offset = 0
    for (const neighbour of neighbours) {
      if (neighbour.offset >= offset + bytes) break
      offset = Math.max(offset, neighbour.end)
    }
    placed.push({ ...lifetime, offset, end: offset + bytes })
  }
  return {
    bytes: Math.max(line, ...placed.map(({ end }) => end)),
    offsets: new Map(placed.map(({ value, offset }) => [value, offset]))
  }
}
