/**
 * A transformation for some of the parameters, by their names; the others' updates stay as they are.
 */
import { Record } from "effect"
import { type GradientTransformation, unscaled, valuesOf } from "../GradientTransformation.ts"

const only = <A>(record: Readonly<Record<string, A>>, isChosen: (name: string) => boolean): Record<string, A> =>
  Record.filter(record, (_, name) => isChosen(name)) as Record<string, A>

/**
 * `of` for the parameters whose names match: `maskedBy(/kernel$/, addDecayedWeights(1e-4))` decays no biases.
 *
 * The choice is a pattern and not a function, because it is a part of the spec.
 */
export const maskedBy = (names: RegExp, of: GradientTransformation): GradientTransformation => {
  // A pattern with the flag `g` would begin where it last ended.
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
