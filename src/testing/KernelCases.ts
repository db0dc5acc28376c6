/**
 * What every engine must compute like the reference engine: for each TensorFlow.js kernel, calls that reach it.
 */
import type { KernelCases } from "./KernelCase.ts"
import { arithmetic } from "./kernels/Arithmetic.ts"
import { comparison } from "./kernels/Comparison.ts"
import { creation } from "./kernels/Creation.ts"
import { elementary } from "./kernels/Elementary.ts"
import { indexing } from "./kernels/Indexing.ts"
import { movement } from "./kernels/Movement.ts"
import { product } from "./kernels/Product.ts"
import { reductions } from "./kernels/Reduction.ts"

export const kernelCases: KernelCases = {
  ...arithmetic,
  ...comparison,
  ...creation,
  ...elementary,
  ...indexing,
  ...movement,
  ...product,
  ...reductions
}
