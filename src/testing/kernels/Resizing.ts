/**
 * Images in another size.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Shape } from "../../core/Tensors.ts"
import { type KernelCase, type KernelCases, of, floats, integers } from "../KernelCase.ts"

const sizes: ReadonlyArray<readonly [images: Shape, size: [number, number]]> = [
  [
    [2, 3, 4, 2],
    [6, 8]
  ],
  [
    [2, 3, 4, 1],
    [5, 9]
  ],
  [
    [2, 6, 8, 2],
    [3, 5]
  ],
  [
    [1, 1, 1, 3],
    [2, 3]
  ],
  [
    [1, 4, 3, 1],
    [1, 1]
  ]
]

const resized = (
  call: (x: any, size: [number, number], alignCorners: boolean, halfPixelCenters: boolean) => tf.Tensor,
  gradient: boolean
): ReadonlyArray<KernelCase> =>
  sizes.flatMap(([images, size]) =>
    [
      [false, false],
      [true, false],
      [false, true]
    ].map(([alignCorners, halfPixelCenters]) =>
      of([floats(images)], (x) => call(x, size, alignCorners!, halfPixelCenters!), { floor: 1e-5, gradient })
    )
  )

export const resizing: KernelCases = {
  ResizeBilinear: [
    ...resized(tf.image.resizeBilinear, false),
    of([integers([1, 2, 3, 1])], (x) => tf.image.resizeBilinear(x, [5, 4]), { floor: 1e-6 })
  ],
  ResizeNearestNeighbor: [
    ...resized(tf.image.resizeNearestNeighbor, true),
    of([integers([1, 2, 3, 1])], (x) => tf.image.resizeNearestNeighbor(x, [5, 4]))
  ]
}
