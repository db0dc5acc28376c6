/** Primitives of formulas from the bits of numbers, for sets without instructions for exponents and mantissas. */
import type { Primitives } from "./Formula.ts"

const mantissaBits = 23
const exponentBias = 127

/**
 * `x 2^n` as two multiplications by powers of two, so that neither overflows on its own and a subnormal result is rounded
 * once.
 */
export const scaled: Primitives["scaled"] = ({ integer, lanes }, x, n) => {
  const whole = lanes("truncate", [n])
  const half = lanes("shiftRightSigned", [whole], 1)
  const powerOf = (exponent: typeof whole) =>
    lanes("shiftLeft", [lanes("addInteger", [exponent, integer(exponentBias)])], mantissaBits)
  return lanes("mul", [lanes("mul", [x, powerOf(half)]), powerOf(lanes("subInteger", [whole, half]))])
}

/** Mantissa and exponent from the bits; subnormal numbers are scaled to normal ones before. */
export const split: Primitives["split"] = ({ float, integer, lanes, truth }, x) => {
  const isSmall = truth("less", [x, float(2 ** -126)])
  const normal = lanes("select", [isSmall, x, lanes("mul", [x, float(2 ** mantissaBits)])])
  const bias = lanes("select", [isSmall, integer(exponentBias), integer(exponentBias + mantissaBits)])
  const exponent = lanes("toFloat", [lanes("subInteger", [lanes("shiftRight", [normal], mantissaBits), bias])])
  const one = integer(exponentBias << mantissaBits)
  const mantissa = lanes("or", [lanes("and", [normal, integer(2 ** mantissaBits - 1)]), one])
  return {
    m: lanes("select", [truth("greaterOrEqual", [x, float(0)]), float(Number.NaN), mantissa]),
    e: lanes("select", [truth("equal", [x, float(Number.POSITIVE_INFINITY)]), exponent, x])
  }
}
