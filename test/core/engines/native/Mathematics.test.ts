import type { Formula, Lanes } from "../../../../src/core/engines/native/Formula.ts"
import * as Mathematics from "../../../../src/core/engines/native/Mathematics.ts"
import { allSizes, between, checkAccuracy, withNegatives } from "./FunctionAccuracy.ts"

checkAccuracy("Mathematics", {
  exp: {
    f: Mathematics.exp,
    expected: Math.exp,
    xs: [...between(-110, 92), ...between(-1, 1), ...allSizes()],
    units: 1.5
  },
  log: {
    f: Mathematics.log,
    expected: Math.log,
    xs: [...allSizes(), ...between(0.5, 2), ...between(-2, 0)],
    units: 1.5
  },
  tanh: {
    f: Mathematics.tanh,
    expected: Math.tanh,
    xs: withNegatives([...between(-12, 12), ...between(-0.7, 0.7), ...allSizes()]),
    units: 1.5
  }
})

checkAccuracy(
  "Powers",
  Object.fromEntries(
    [0, 1.7, 0.5, 3, 11, -1, -2.3].map((power) => [
      `x^${power}`,
      {
        f: (formula: Formula, x: Lanes) => Mathematics.pow(formula, x, formula.float(power)),
        expected: (x: number) => x ** Math.fround(power),
        xs: withNegatives([...between(0, 20), ...allSizes()]),
        units: 20
      }
    ])
  )
)
