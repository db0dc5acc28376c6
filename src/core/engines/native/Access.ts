/** How a loop reaches the elements of a tensor. */

/** Where the elements of one tensor are along the axes of a loop. */
export interface Access {
  /** Index into the table of pointers. */
  readonly slot: number
  /** Bytes per element. Single bytes are integers or truth values. */
  readonly width: 1 | 4
  /** In elements. */
  readonly offset: number
  /** Per axis, in elements; along the innermost 0 or 1, or any other for reads of 4 bytes. */
  readonly strides: ReadonlyArray<number>
  /** The axis whose position is looked up, the slot of the indices, and the number of rows that they choose from. */
  readonly by?: { readonly axis: number; readonly slot: number; readonly rows: number }
}
