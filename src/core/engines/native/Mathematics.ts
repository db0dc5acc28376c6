/**
 * Elementary functions of vectors of floats, to about one unit in the last place over the whole range; infinities, NaN and
 * subnormal numbers as in float64, rounded.
 *
 * The polynomials minimise the largest relative error over the intervals named beside them, by least squares with weights
 * adapted until the error was equal everywhere. Arguments are reduced as in Cephes
 * (https://netlib.org/cephes): `exp(x) = 2^n exp(r)`, `log(x) = e log(2) + log(m)`.
 */
import type { Formula, Item, Lanes, Truth } from "./Formula.ts"

/** The arithmetic of a formula. */
export const arithmetic = (formula: Formula) => {
  const { float, integer, lanes, truth } = formula
  const binary =
    (name: Parameters<Formula["lanes"]>[0]) =>
    (a: Item, b: Item): Lanes =>
      lanes(name, [a, b])
  const compare =
    (name: Parameters<Formula["truth"]>[0]) =>
    (a: Lanes, b: Lanes): Truth =>
      truth(name, [a, b])
  /** `where` holds, else `otherwise`. */
  const choose = (condition: Truth, where: Lanes, otherwise: Lanes): Lanes =>
    lanes("select", [condition, otherwise, where])
  const unordered = compare("unordered")
  /** The operation returns the second operand if either is NaN. */
  const extreme = (name: "min" | "max") => (a: Lanes, b: Lanes) => {
    if (a.step.name === "constant") return lanes(name, [a, b])
    if (b.step.name === "constant") return lanes(name, [b, a])
    return choose(unordered(a, a), a, lanes(name, [a, b]))
  }
  const abs = (x: Lanes): Lanes => lanes("and", [x, integer(0x7fffffff)])
  const unary =
    (name: Parameters<Formula["lanes"]>[0]) =>
    (x: Lanes): Lanes =>
      lanes(name, [x])
  return {
    add: binary("add"),
    sub: binary("sub"),
    mul: binary("mul"),
    div: binary("div"),
    min: extreme("min"),
    max: extreme("max"),
    less: compare("less"),
    lessOrEqual: compare("lessOrEqual"),
    greater: compare("greater"),
    greaterOrEqual: compare("greaterOrEqual"),
    equal: compare("equal"),
    notEqual: compare("notEqual"),
    unordered,
    choose,
    abs,
    negate: (x: Lanes): Lanes => lanes("xor", [x, integer(0x80000000)]),
    sqrt: unary("sqrt"),
    round: unary("round"),
    floor: unary("floor"),
    ceil: unary("ceil"),
    /** `a b + c`, rounded once. */
    fma: (a: Lanes, b: Lanes, c: Lanes): Lanes => lanes("multiplyAdd", [a, b, c]),
    /** `c - a b`, rounded once. */
    fnma: (a: Lanes, b: Lanes, c: Lanes): Lanes => lanes("negativeMultiplyAdd", [a, b, c]),
    /** `x` with the sign of `sign`; `x` is not negative. */
    withSign: (x: Lanes, sign: Lanes): Lanes => lanes("or", [x, lanes("and", [sign, integer(0x80000000)])]),
    float,
    integer
  }
}

type Arithmetic = ReturnType<typeof arithmetic>

/** `c[0] + c[1] x + c[2] x^2 + ...`. */
export const polynomial = ({ float, fma }: Arithmetic, x: Lanes, coefficients: ReadonlyArray<number>): Lanes =>
  coefficients
    .slice(0, -1)
    .reduceRight<Lanes>((sum, coefficient) => fma(sum, x, float(coefficient)), float(coefficients.at(-1)!))

/** Of `(exp(r) - 1 - r) / r^2` on [-log(2) / 2, log(2) / 2]. */
const expCoefficients = [0.5, 0.166665181517601, 0.04166620597243309, 0.008368889801204205, 0.0013950489228591323]
/** Of `(log1p(f) - f + f^2 / 2) / f^3` on [-1/4, 1/2]. */
const logCoefficients = [
  0.33333340287208557, -0.2500016391277313, 0.19999605417251587, -0.16655296087265015, 0.14276240766048431,
  -0.12727785110473633, 0.11700654029846191, -0.09116142243146896, 0.037672463804483414
]
/** Of `(tanh(x) - x) / x^3` by `x^2` on [0, 0.625^2]. */
const tanhCoefficients = [
  -0.3333328068256378, 0.13331441581249237, -0.05373971164226532, 0.020639078691601753, -0.005704978480935097
]

/** `log(2)` in two floats, the first of few bits, so that its products with small integers are exact. */
const [log2High, log2Low] = [0.693145751953125, 1.428606765330187e-6]

/** `exp(x)`. The argument is clamped where the result is 0 or infinite anyway. */
export const exp = (formula: Formula, x: Lanes): Lanes => {
  const maths = arithmetic(formula)
  const { float, fma, fnma, max, min, mul, round } = maths
  const cut = min(float(89), max(float(-104), x))
  const n = round(mul(cut, float(Math.LOG2E)))
  const r = fnma(n, float(log2Low), fnma(n, float(log2High), cut))
  const rest = polynomial(maths, r, expCoefficients)
  const power = maths.add(fma(mul(r, r), rest, r), float(1))
  return formula.primitives.scaled(formula, power, n)
}

/** `log(x)` as `n log(2) + rest`, where `rest` is at most 0.41. */
const logParts = (formula: Formula, x: Lanes): { readonly n: Lanes; readonly rest: Lanes } => {
  const maths = arithmetic(formula)
  const { add, choose, float, fma, greater, mul, sub } = maths
  const { e, m } = formula.primitives.split(formula, x)
  const isLarge = greater(m, float(1.5))
  const f = sub(choose(isLarge, mul(m, float(0.5)), m), float(1))
  const n = choose(isLarge, add(e, float(1)), e)
  const square = mul(f, f)
  const cubic = mul(mul(square, f), polynomial(maths, f, logCoefficients))
  const small = fma(float(-0.5), square, fma(n, float(log2Low), cubic))
  return { n, rest: add(f, small) }
}

const logOf = (formula: Formula, x: Lanes, { n, rest }: ReturnType<typeof logParts>): Lanes => {
  const { choose, equal, float, fma } = arithmetic(formula)
  return choose(equal(x, float(0)), float(Number.NEGATIVE_INFINITY), fma(n, float(log2High), rest))
}

/** `log(x)`: NaN below 0, minus infinity at 0 of either sign. */
export const log = (formula: Formula, x: Lanes): Lanes => logOf(formula, x, logParts(formula, x))

/** `tanh(x)`: near 0 by a polynomial, elsewhere as `1 - 2 / (exp(2 |x|) + 1)`. */
export const tanh = (formula: Formula, x: Lanes): Lanes => {
  const maths = arithmetic(formula)
  const { abs, add, choose, div, float, fma, less, mul, sub, withSign } = maths
  const size = abs(x)
  const square = mul(x, x)
  const near = fma(mul(square, x), polynomial(maths, square, tanhCoefficients), x)
  const far = sub(float(1), div(float(2), add(exp(formula, add(size, size)), float(1))))
  return choose(less(size, float(0.625)), near, withSign(far, x))
}

/**
 * `base^y` for a number `base` above 0, as `exp(y log(base))`. The product is kept in two floats, because exp makes of an
 * absolute error a relative one.
 */
export const powerOfNumber = (base: number, formula: Formula, y: Lanes): Lanes => {
  const maths = arithmetic(formula)
  const { abs, add, choose, float, fma, less, mul, negate } = maths
  const high = Math.fround(Math.log(base))
  const product = mul(y, float(high))
  const rest = add(fma(y, float(high), negate(product)), mul(y, float(Math.log(base) - high)))
  const power = exp(formula, product)
  // Beyond, the power is 0 or infinite, and the rest may be NaN.
  return choose(less(abs(product), float(200)), fma(power, rest, power), power)
}

/**
 * `x^y` as `exp(y log(|x|))` with the sign of an odd power: NaN for a negative `x` and a `y` that is no integer. The product
 * is kept in two floats; a relative error of `|y| 2^-24` remains.
 */
export const pow = (formula: Formula, x: Lanes, y: Lanes): Lanes => {
  const { abs, add, choose, equal, float, floor, fma, fnma, greater, less, mul, negate, sub, withSign } =
    arithmetic(formula)
  const size = abs(x)
  const parts = logParts(formula, size)
  const simple = mul(y, logOf(formula, size, parts))
  const high = mul(parts.n, float(log2High))
  const [large, small] = [mul(y, high), mul(y, parts.rest)]
  const sum = add(large, small)
  const lost = [sub(small, sub(sum, large)), fma(y, high, negate(large)), fma(y, parts.rest, negate(small))].reduce(add)
  // Beyond, the power is 0 or infinite, and the sum may be NaN.
  const power = exp(formula, choose(less(abs(simple), float(200)), sum, simple))
  const value = choose(
    less(power, float(Number.POSITIVE_INFINITY)),
    choose(greater(power, float(0)), fma(power, lost, power), power),
    power
  )
  const isOdd = equal(fnma(float(2), floor(mul(y, float(0.5))), y), float(1))
  const signed = choose(isOdd, withSign(value, x), value)
  const isReal = choose(less(x, float(0)), choose(equal(y, floor(y)), signed, float(Number.NaN)), signed)
  return choose(equal(y, float(0)), float(1), isReal)
}
