/**
 * All recorded TensorFlow.js kernels by name. To add kernels, add a file to `kernels/` and a line here.
 */
import type { Kernels } from "./Kernel.ts"
import { arithmetic } from "./kernels/Arithmetic.ts"
import { comparison } from "./kernels/Comparison.ts"
import { convolutions } from "./kernels/Convolution.ts"
import { creation } from "./kernels/Creation.ts"
import { elementary } from "./kernels/Elementary.ts"
import { indexing } from "./kernels/Indexing.ts"
import { movement } from "./kernels/Movement.ts"
import { normalization } from "./kernels/Normalization.ts"
import { pooling } from "./kernels/Pooling.ts"
import { product } from "./kernels/Product.ts"
import { reductions } from "./kernels/Reduction.ts"
import { resizing } from "./kernels/Resizing.ts"

export const kernels: Kernels = {
  ...arithmetic,
  ...comparison,
  ...convolutions,
  ...creation,
  ...elementary,
  ...indexing,
  ...movement,
  ...normalization,
  ...pooling,
  ...product,
  ...reductions,
  ...resizing
}
