/**
 * Relaxed tolerances for engines on devices with less accuracy.
 */
export interface Accuracy {
  /** Minimum floor of a kernel's cases; see `EngineAgreement.ts`. */
  readonly floor: (kernel: string) => number
  /** Factor of the floors of training steps. */
  readonly training: number
  /** Whether NaN propagates. */
  readonly keepsNaN: boolean
}

/** The tolerances of the engines' law. */
export const exact: Accuracy = { floor: () => 0, training: 1, keepsNaN: true }

const trigonometric: Readonly<Record<string, number>> = { Cos: 2 ** -11, Sin: 2 ** -11, Tan: 2 ** -2 }

/**
 * What WebGPU's shading language promises: sines to within 2^-11, so that a tangent's derivative near a pole is far
 * less exact, logarithms near 1 to within 2^-21, and nothing of what is not a number. Adam, which divides by small
 * roots, makes a training step's differences larger.
 *
 * Source: https://www.w3.org/TR/WGSL/#floating-point-accuracy
 */
export const webGpu: Accuracy = {
  floor: (kernel) => trigonometric[kernel] ?? 2 ** -20,
  training: 5,
  keepsNaN: false
}
