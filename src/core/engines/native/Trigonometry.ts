/**
 * Trigonometric and hyperbolic functions of vectors of floats, and their inverses, to about three units in the last place;
 * infinities and NaN as in float64. Sines and cosines of angles beyond 1e5 have an absolute error of up to 2e-7, and beyond
 * 2e7 a larger one.
 *
 * Polynomials and reductions as in `Mathematics.ts`.
 */
import type { Formula, Lanes } from "./Formula.ts"
import { arithmetic, exp, log, polynomial } from "./Mathematics.ts"

type Elementary = (formula: Formula, x: Lanes) => Lanes

/** Of `(sin(x) - x) / x^3` and `(cos(x) - 1 + x^2 / 2) / x^4` by `x^2` on [0, (π/4)^2]. */
const sinCoefficients = [-0.16666666640797034, 0.008333329304842077, -0.00019839312269476393, 2.7181216288443415e-6]
const cosCoefficients = [0.04166664568295556, -0.0013887316253536315, 2.4433156976376916e-5]
/** Of `(asin(x) - x) / x^3` by `x^2` on [0, 1/4]. */
const asinCoefficients = [
  0.16666752482016245, 0.07495297643375456, 0.04547037590425915, 0.02417951498847147, 0.042166307901243406
]
/** Of `(atan(x) - x) / x^3` by `x^2` on [0, tan(π/8)^2]. */
const atanCoefficients = [-0.33332949138051293, 0.19977710006836374, -0.13877678554361514, 0.08053722162266917]
/** Of `(sinh(x) - x) / x^3` by `x^2` on [0, 1]. */
const sinhCoefficients = [0.16666666497560886, 0.008333350058175, 0.00019836159777565144, 2.8169512278480194e-6]
/** Of `(asinh(x) - x) / x^3` and `(atanh(x) - x) / x^3` by `x^2` on [0, 1/4]. */
const asinhCoefficients = [-0.1666628812982014, 0.07484758497825601, -0.04269933265348557, 0.02012198527326768]
const atanhCoefficients = [
  0.33333730030321657, 0.19978216452781827, 0.14669143122100128, 0.08243703305844585, 0.18174007290136948
]
/** Of `acosh(1 + x) / sqrt(2 x)` on [0, 1/2]. */
const acoshCoefficients = [
  0.999999974493959, -0.08333070772849334, 0.018706442718626978, -0.005322596811356825, 0.0012442873411954104
]

/** `π/2` as a sum of three floats. */
const high = Math.fround(Math.PI / 2)
const middle = Math.fround(Math.PI / 2 - high)
const quarterTurn = [high, middle, -1.7151245100058819e-15] as const

/** `x + x^3 P(x^2)`. */
const odd = (maths: ReturnType<typeof arithmetic>, x: Lanes, coefficients: ReadonlyArray<number>): Lanes => {
  const square = maths.mul(x, x)
  return maths.fma(maths.mul(square, x), polynomial(maths, square, coefficients), x)
}

/** Sine and cosine of the angle within ±π/4 that is left, and the number of quarter turns taken off, from 0 to 3. */
const reduced = (formula: Formula, x: Lanes) => {
  const maths = arithmetic(formula)
  const { add, float, floor, fma, fnma, mul, round, sub } = maths
  const turnsOf = (angle: Lanes): Lanes => round(mul(angle, float(2 / Math.PI)))
  const without = (angle: Lanes, turns: Lanes): Lanes =>
    quarterTurn.reduce((rest, part) => fnma(turns, float(part), rest), angle)
  const modulo = (turns: Lanes): Lanes => fnma(floor(mul(turns, float(0.25))), float(4), turns)
  // A second time, because the number of turns of a large angle is rounded.
  const first = turnsOf(x)
  const left = without(x, first)
  const second = turnsOf(left)
  const r = without(left, second)
  const square = mul(r, r)
  return {
    turns: modulo(add(modulo(first), modulo(second))),
    sine: odd(maths, r, sinCoefficients),
    cosine: fma(mul(square, square), polynomial(maths, square, cosCoefficients), sub(float(1), mul(square, float(0.5))))
  }
}

/** The sine of an angle after so many more quarter turns. */
const sineAfter =
  (more: number): Elementary =>
  (formula, x) => {
    const { add, choose, equal, float, negate } = arithmetic(formula)
    const { cosine, sine, turns } = reduced(formula, x)
    const count = add(turns, float(more))
    // From 0 to 4.
    const value = choose(equal(count, float(1)), cosine, choose(equal(count, float(3)), cosine, sine))
    return choose(equal(count, float(2)), negate(value), choose(equal(count, float(3)), negate(value), value))
  }

export const sin: Elementary = sineAfter(0)
export const cos: Elementary = sineAfter(1)

export const tan: Elementary = (formula, x) => {
  const { choose, div, equal, float, negate } = arithmetic(formula)
  const { cosine, sine, turns } = reduced(formula, x)
  const turned = div(negate(cosine), sine)
  return choose(equal(turns, float(1)), turned, choose(equal(turns, float(3)), turned, div(sine, cosine)))
}

/** `asin(x)`; beyond 1/2 from the half angle, `π/2 - 2 asin(sqrt((1 - x) / 2))`. */
export const asin: Elementary = (formula, x) => {
  const maths = arithmetic(formula)
  const { abs, choose, float, fnma, greater, mul, sqrt, sub, withSign } = maths
  const size = abs(x)
  const half = odd(maths, sqrt(mul(sub(float(1), size), float(0.5))), asinCoefficients)
  const far = fnma(float(2), half, float(Math.PI / 2))
  return withSign(choose(greater(size, float(0.5)), far, odd(maths, size, asinCoefficients)), x)
}

/** `acos(x)`; beyond 1/2 from the half angle. */
export const acos: Elementary = (formula, x) => {
  const maths = arithmetic(formula)
  const { abs, choose, float, greater, less, mul, sqrt, sub } = maths
  const half = odd(maths, sqrt(mul(sub(float(1), abs(x)), float(0.5))), asinCoefficients)
  const whole = mul(half, float(2))
  const near = sub(float(Math.PI / 2), odd(maths, x, asinCoefficients))
  return choose(greater(x, float(0.5)), whole, choose(less(x, float(-0.5)), sub(float(Math.PI), whole), near))
}

/** `atan(x)`, with `|x|` reduced to tan(π/8) by `-1 / x` or `(x - 1) / (x + 1)`. */
export const atan: Elementary = (formula, x) => {
  const maths = arithmetic(formula)
  const { abs, add, choose, div, float, greater, sub, withSign } = maths
  const size = abs(x)
  const [isLarge, isMiddle] = [greater(size, float(1 + Math.SQRT2)), greater(size, float(Math.SQRT2 - 1))]
  const reducedMiddle = div(sub(size, float(1)), add(size, float(1)))
  const rest = choose(isLarge, div(float(-1), size), choose(isMiddle, reducedMiddle, size))
  const angle = choose(isLarge, float(Math.PI / 2), choose(isMiddle, float(Math.PI / 4), float(0)))
  return withSign(add(angle, odd(maths, rest, atanCoefficients)), x)
}

/** Half of `exp(|x|)`, and half of its reciprocal: the exponential itself would be infinite too early. */
const halves = (formula: Formula, size: Lanes) => {
  const { div, float, mul } = arithmetic(formula)
  const root = exp(formula, mul(size, float(0.5)))
  const half = mul(mul(root, float(0.5)), root)
  return { growing: half, falling: div(float(0.25), half) }
}

export const sinh: Elementary = (formula, x) => {
  const maths = arithmetic(formula)
  const { abs, choose, float, less, sub, withSign } = maths
  const size = abs(x)
  const { falling, growing } = halves(formula, size)
  return choose(less(size, float(1)), odd(maths, x, sinhCoefficients), withSign(sub(growing, falling), x))
}

export const cosh: Elementary = (formula, x) => {
  const { abs, add } = arithmetic(formula)
  const { falling, growing } = halves(formula, abs(x))
  return add(growing, falling)
}

/** `log(x + sqrt(x^2 + shift))`, where `x^2` may be infinite. */
const logOfSum = (formula: Formula, x: Lanes, shift: number): Lanes => {
  const { add, choose, float, fma, greater, sqrt } = arithmetic(formula)
  const isLarge = greater(x, float(1e9))
  const sum = add(x, choose(isLarge, float(0), sqrt(fma(x, x, float(shift)))))
  return add(log(formula, sum), choose(isLarge, float(Math.LN2), float(0)))
}

export const asinh: Elementary = (formula, x) => {
  const maths = arithmetic(formula)
  const { abs, choose, float, less, withSign } = maths
  const size = abs(x)
  const near = odd(maths, x, asinhCoefficients)
  return choose(less(size, float(0.5)), near, withSign(logOfSum(formula, size, 1), x))
}

/** NaN below 1. */
export const acosh: Elementary = (formula, x) => {
  const maths = arithmetic(formula)
  const { add, choose, float, less, mul, sqrt, sub } = maths
  const above = sub(x, float(1))
  const near = mul(sqrt(add(above, above)), polynomial(maths, above, acoshCoefficients))
  return choose(less(x, float(1.5)), near, logOfSum(formula, x, -1))
}

/** NaN beyond ±1, infinite at ±1. */
export const atanh: Elementary = (formula, x) => {
  const maths = arithmetic(formula)
  const { abs, add, choose, div, float, less, mul, sub, withSign } = maths
  const size = abs(x)
  const far = mul(log(formula, div(add(float(1), size), sub(float(1), size))), float(0.5))
  return choose(less(size, float(0.5)), odd(maths, x, atanhCoefficients), withSign(far, x))
}
