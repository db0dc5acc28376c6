/**
 * Elements by index, and sums by index.
 */
import { combination, integers, type Rule } from "../Emitter.ts"

/** An index out of range takes the nearest element: inputs are looked at before they get here. */
const gather: Rule = ({ emit }, operation, operand) => {
  const [x, indices] = [operand(0), operand(1)]
  const axis = Number(operation.attributes["axis"])
  const rank = indices.shape.length
  const before = x.shape.slice(0, axis).map((_, index) => index)
  const after = x.shape.slice(axis + 1).map((_, index) => axis + rank + index)
  return emit("stablehlo.gather", [x, indices], operation, {
    dimension_numbers:
      `#stablehlo.gather<offset_dims = [${[...before, ...after].join(", ")}], collapsed_slice_dims = [${axis}], ` +
      `start_index_map = [${axis}], index_vector_dim = ${rank}>`,
    slice_sizes: integers(x.shape.with(axis, 1)),
    indices_are_sorted: "false"
  })
}

/** Adds rows of `updates` to the rows of `x` that the indices `[..., 1]` name. */
const scatterAdd: Rule = ({ emit }, operation, operand) => {
  const [x, indices, updates] = [operand(0), operand(1), operand(2)]
  const rank = indices.shape.length - 1
  const rows = x.shape.slice(1).map((_, index) => rank + index)
  return emit(
    "stablehlo.scatter",
    [x, indices, updates],
    operation,
    {
      scatter_dimension_numbers:
        `#stablehlo.scatter<update_window_dims = [${rows.join(", ")}], inserted_window_dims = [0], ` +
        `scatter_dims_to_operand_dims = [0], index_vector_dim = ${rank}>`,
      indices_are_sorted: "false",
      unique_indices: "false"
    },
    combination("add", x.type)
  )
}

export const indexing: Readonly<Record<string, Rule>> = { Gather: gather, ScatterND: scatterAdd }
