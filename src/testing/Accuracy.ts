/**
 * How much further from the reference engine than others an engine may be, where its device promises less.
 */
export interface Accuracy {
  /** The least floor of a kernel's cases: see `EngineAgreement.ts`. */
  readonly floor: (kernel: string) => number
  /** What the floors of training steps are multiplied by. */
  readonly training: number
  /** Whether what is computed from no number is no number. */
  readonly keepsNaN: boolean
}

/** As the law of engines says. */
export const exact: Accuracy = { floor: () => 0, training: 1, keepsNaN: true }

const trigonometric: Readonly<Record<string, number>> = { Cos: 2 ** -11, Sin: 2 ** -11, Tan: 2 ** -2 }

/**
 * What WebGPU's shading language promises: sines to within 2^-11, so that a tangent's derivative near a pole is far less exact, logarithms near 1 to within 2^-21, and nothing of what
 * is not a number. Adam, which divides by small roots, makes a training step's differences larger.
 *
 * Source: https://www.w3.org/TR/WGSL/#floating-point-accuracy
 */
export const webGpu: Accuracy = {
  floor: (kernel) => trigonometric[kernel] ?? 2 ** -20,
  training: 5,
  keepsNaN: false
}
