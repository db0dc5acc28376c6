/** Writes IDX files for tests. */

/** An uncompressed IDX file of unsigned bytes. */
export const idxBytes = (shape: ReadonlyArray<number>, values: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0, 0, 8, shape.length])
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size))
  bytes.set(values, 4 + 4 * shape.length)
  return bytes
}
