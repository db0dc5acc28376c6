/**
 * Applies a transformation to the parameters whose names match. Other updates are unchanged.
 */
import { Record } from "effect"
import { type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"

const only = <A>(record: Readonly<Record<string, A>>, isChosen: (name: string) => boolean): Record<string, A> =>
  Record.filter(record, (_, name) => isChosen(name)) as Record<string, A>

/**
 * `of` for the parameters whose names match: `maskedBy(/kernel$/, addDecayedWeights(1e-4))` decays no biases.
 *
 * The mask is a pattern and not a function, because it is part of the spec.
 */
export const maskedBy = (names: RegExp, of: GradientTransformation): GradientTransformation => {
  // With the flag `g`, `test` would continue after the last match.
  const { flags, source } = names
  const pattern = new RegExp(source, flags.replaceAll(/[gy]/g, ""))
  const isChosen = (name: string) => pattern.test(name) && (of.appliesTo?.(name) ?? true)
  return {
    spec: { _tag: "MaskedBy", names: source, ...(pattern.flags !== "" && { flags: pattern.flags }), of: of.spec },
    problem: of.problem && `${of.spec._tag}: ${of.problem}`,
    ...(of.schedules !== undefined && { schedules: of.schedules }),
    slots: of.slots,
    appliesTo: isChosen,
    update: ({ parameters, updates, ...rest }) => {
      const values = valuesOf(updates)
      const inner = of.update({
        ...rest,
        updates: unscaled(only(values, isChosen)),
        parameters: only(parameters, isChosen)
      })
      return { updates: unscaled({ ...values, ...valuesOf(inner.updates) }), state: inner.state }
    }
  }
}
