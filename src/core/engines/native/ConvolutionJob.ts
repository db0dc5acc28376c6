/** A convolution to be compiled: images, groups of outputs, filter, and what is done with results. */
import type { OutputGroups } from "./OutputGroups.ts"
import type { Filter } from "./PackedFilter.ts"
import type { Image } from "./PaddedImage.ts"

/** What is done with results before they are stored. */
export interface Epilogue {
  /** Slot of `[channels]`, which is added. */
  readonly bias?: number
  /** Whether negative results become 0. */
  readonly rectified?: boolean
  /** Slot of a tensor of the result's shape: if it is not above 0, the result is 0. */
  readonly where?: number
}

export interface Job {
  readonly name: string
  /** Lanes per vector of the instruction set. */
  readonly lanes: number
  readonly batch: number
  readonly source: Image
  readonly target: Image
  readonly rows: ReadonlyArray<OutputGroups>
  readonly columns: ReadonlyArray<OutputGroups>
  readonly from: number
  readonly to: number
  readonly filter: Filter
  readonly epilogue: Epilogue
}
