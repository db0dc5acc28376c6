/**
 * One optimiser for a model some of whose parameters bring optimisers of their own.
 */
import { Record } from "effect"
import type { Optimizer } from "./Optimizer.ts"
import type { ParameterInfo } from "./ParameterInfo.ts"

/** The entries of these names. */
const only = <A>(record: Readonly<Record<string, A>>, names: Readonly<Record<string, unknown>>): Record<string, A> =>
  Record.filter(record, (_, name) => name in names)

/**
 * `optimizer` for the parameters that bring none of their own, and for each of the others its own. Parameters are known by
 * name to both; each optimiser sees its own parameters alone.
 */
export const partitioned = (
  optimizer: Optimizer,
  parameters: Readonly<Record<string, Pick<ParameterInfo, "optimizer">>>
): Optimizer => {
  const optimizers = [...new Set([optimizer, ...Object.values(parameters).flatMap(({ optimizer }) => optimizer ?? [])])]
  if (optimizers.length === 1) return optimizer
  const parts = optimizers.map((part) => ({
    part,
    names: Record.filter(parameters, (info) => (info.optimizer ?? optimizer) === part)
  }))
  return {
    ...optimizer,
    state: (types) => Object.assign({}, ...parts.map(({ names, part }) => part.state(only(types, names)))),
    update: ({ gradients, parameters, state, ...time }) => {
      const updates = parts.map(({ names, part }) => {
        const own = only(parameters, names)
        const kept = only(state, part.state(Record.map(own, ({ shape }) => ({ shape, dtype: "float32" }))))
        return part.update({ parameters: own, gradients: only(gradients, names), state: kept, ...time })
      })
      return {
        parameters: Object.assign({}, ...updates.map(({ parameters }) => parameters)),
        state: Object.assign({}, ...updates.map(({ state }) => state))
      }
    }
  }
}
