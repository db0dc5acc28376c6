import * as Trigonometry from "../../../../src/core/engines/native/Trigonometry.ts"
import { allSizes, between, checkAccuracy, withNegatives } from "./FunctionAccuracy.ts"

const angles = withNegatives([
  ...between(0, 10),
  ...between(0, 1000),
  ...between(0, 1e5),
  ...allSizes().filter((x) => x < 1e5)
])
/** Their reduction has an absolute error. */
const largeAngles = withNegatives([...between(1e5, 1e7), ...allSizes().filter((x) => x > 1e5 && x < 2.6e7)])
const all = withNegatives([...between(0, 10), ...between(0, 1.2), ...allSizes()])

checkAccuracy("Trigonometry", {
  sin: { f: Trigonometry.sin, expected: Math.sin, xs: angles, units: 2 },
  cos: { f: Trigonometry.cos, expected: Math.cos, xs: angles, units: 2 },
  tan: { f: Trigonometry.tan, expected: Math.tan, xs: angles, units: 4 },
  "sin of large angles": { f: Trigonometry.sin, expected: Math.sin, xs: largeAngles, units: 2, absolute: 2e-7 },
  "cos of large angles": { f: Trigonometry.cos, expected: Math.cos, xs: largeAngles, units: 2, absolute: 2e-7 },
  asin: { f: Trigonometry.asin, expected: Math.asin, xs: all, units: 4 },
  acos: { f: Trigonometry.acos, expected: Math.acos, xs: all, units: 4 },
  atan: { f: Trigonometry.atan, expected: Math.atan, xs: all, units: 4 },
  sinh: { f: Trigonometry.sinh, expected: Math.sinh, xs: [...all, ...withNegatives(between(0, 91))], units: 4 },
  cosh: { f: Trigonometry.cosh, expected: Math.cosh, xs: [...all, ...withNegatives(between(0, 91))], units: 4 },
  asinh: { f: Trigonometry.asinh, expected: Math.asinh, xs: all, units: 4 },
  acosh: { f: Trigonometry.acosh, expected: Math.acosh, xs: [...all, ...between(1, 2)], units: 4 },
  atanh: { f: Trigonometry.atanh, expected: Math.atanh, xs: all, units: 4 }
})
