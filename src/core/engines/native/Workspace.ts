/** Places in one piece of memory for values that are not all needed at the same time. */

/** A value that must lie somewhere while levels `from` to `to` are computed. */
export interface Need<Value> {
  readonly value: Value
  readonly bytes: number
  readonly from: number
  readonly to: number
}

export interface Places<Value> {
  /** Bytes in all. */
  readonly bytes: number
  readonly offsets: ReadonlyMap<Value, number>
}

const line = 64

/** The lowest place for each that no value of the same time has; largest first. */
export const placesOf = <Value>(needs: ReadonlyArray<Need<Value>>): Places<Value> => {
  const placed: Array<Need<Value> & { readonly offset: number; readonly end: number }> = []
  for (const need of needs.toSorted((one, other) => other.bytes - one.bytes)) {
    const neighbours = placed
      .filter(({ from, to }) => from <= need.to && need.from <= to)
      .toSorted((one, other) => one.offset - other.offset)
    const room = Math.ceil(need.bytes / line) * line
    let offset = 0
    for (const neighbour of neighbours) {
      if (neighbour.offset >= offset + room) break
      offset = Math.max(offset, neighbour.end)
    }
    placed.push({ ...need, offset, end: offset + room })
  }
  return {
    bytes: Math.max(line, ...placed.map(({ end }) => end)),
    offsets: new Map(placed.map(({ value, offset }) => [value, offset]))
  }
}
