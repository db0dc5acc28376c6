/**
 * An experiment: parameters, a pure function from their values to the layers of a run, and a sweep over them.
 *
 * The types reject a wrong assembly at compile time: the services that dataset and model provide beyond the common
 * contract (labels, a planar latent space) must include those that the model and the evaluations require, and a sweep's
 * axes must be parameters with values of their type.
 */
import { type Layer, Pipeable, Predicate } from "effect"
import type { Dataset } from "./Dataset.ts"
import type { Evaluation } from "./Evaluation.ts"
import type { Model, ModelError } from "./Model.ts"
import type { Objective, ObjectiveError } from "./Objective.ts"
import * as Parameter from "./Parameter.ts"
import * as Sweep from "./Sweep.ts"
import type { Training, TrainingError } from "./Training.ts"

/** The layers of one run. `Offers` and `Gives` are the additional services of dataset and model. */
export interface Assembly<Offers, Gives> {
  readonly dataset: Layer.Layer<Dataset | Offers>
  readonly model: Layer.Layer<Model | Gives, ModelError, NoInfer<Dataset | Offers>>
  readonly objective: Layer.Layer<Objective, ObjectiveError, NoInfer<Dataset | Offers | Model | Gives>>
  readonly training: Layer.Layer<Training, TrainingError, NoInfer<Dataset | Offers>>
  readonly evaluation: Layer.Layer<Evaluation, never, NoInfer<Dataset | Offers | Model | Gives>>
}

/** An assembly without the additional services in its type, as the pipelines run it. */
export interface AnyAssembly {
  readonly dataset: Layer.Layer<Dataset>
  readonly model: Layer.Layer<Model, ModelError, any>
  readonly objective: Layer.Layer<Objective, ObjectiveError, any>
  readonly training: Layer.Layer<Training, TrainingError, any>
  readonly evaluation: Layer.Layer<Evaluation, never, any>
}

const TypeId = "~effect-vae/Experiment"

/** Reported values by metric, as numbers or text. */
export type Reference = Readonly<Record<string, string | number>>

/** A declared experiment; `A` are the values of its parameters. */
export interface Experiment<in out A> extends Pipeable.Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
  /** One sentence: what is compared. */
  readonly description: string
  readonly parameters: Parameter.Parameters
  readonly run: (values: A) => AnyAssembly
  readonly sweep: Sweep.Sweep<A>
  /** A predicate on complete values; points for which it is false are skipped. */
  readonly keep: (values: A) => boolean
  readonly seeds: ReadonlyArray<number>
  /** Values that the experiment's source reported, by metric, shown next to the measured ones. */
  readonly reference: (values: A) => Reference
}

const Prototype = {
  [TypeId]: TypeId as typeof TypeId,
  pipe() {
    return Pipeable.pipeArguments(this, arguments)
  }
}

const create = <A>(fields: Omit<Experiment<A>, typeof TypeId | "pipe">): Experiment<A> =>
  Object.assign(Object.create(Prototype), fields)

const change = <A>(
  self: Experiment<A>,
  changes: Partial<Pick<Experiment<A>, "sweep" | "keep" | "seeds">>
): Experiment<A> => create({ ...self, ...changes })

/** Whether a value is an experiment, for instance a module's default export. */
export const isExperiment = (value: unknown): value is Experiment<any> => Predicate.hasProperty(value, TypeId)

/**
 * Declares an experiment. `run` is called once per point of the sweep and must be pure: it returns layers, whose
 * construction loads nothing.
 */
export const make = <const P extends Parameter.Parameters, Offers = never, Gives = never>(
  name: string,
  options: {
    readonly description: string
    readonly parameters: P
    readonly reference?: (values: Parameter.Values<P>) => Reference
    readonly run: (values: Parameter.Values<P>) => Assembly<Offers, Gives>
  }
): Experiment<Parameter.Values<P>> =>
  create<Parameter.Values<P>>({
    name,
    description: options.description,
    parameters: options.parameters,
    reference: options.reference ?? (() => ({})),
    run: options.run as (values: Parameter.Values<P>) => AnyAssembly,
    sweep: Sweep.single,
    keep: () => true,
    seeds: [0]
  })

/**
 * Crosses the sweep with every combination of the axes' values: `grid({ beta: [0, 12, 200] })`.
 *
 * The parameters' types come from the piped experiment; an axis that is not a parameter does not compile.
 */
export const grid =
  <A>(axes: Sweep.Axes<NoInfer<A>>) =>
  (self: Experiment<A>): Experiment<A> =>
    change(self, { sweep: Sweep.product<A>(self.sweep, Sweep.grid<A>(axes)) })

/** Crosses the sweep with the axes' values in parallel, like `zip`; all axes must have the same length. */
export const zip =
  <A>(axes: Sweep.Axes<NoInfer<A>>) =>
  (self: Experiment<A>): Experiment<A> =>
    change(self, { sweep: Sweep.product<A>(self.sweep, Sweep.zip<A>(axes)) })

/** Appends points to the sweep, such as those of `Sweep.grid` and `Sweep.zip`. */
export const concat =
  <A>(points: Sweep.Sweep<NoInfer<A>>) =>
  (self: Experiment<A>): Experiment<A> =>
    change(self, { sweep: [...self.sweep, ...points] })

/** Keeps the points for which `predicate`, given all values with defaults filled in, is true. */
export const filter =
  <A>(predicate: (values: NoInfer<A>) => boolean) =>
  (self: Experiment<A>): Experiment<A> =>
    change(self, { keep: (values) => self.keep(values) && predicate(values) })

/** Runs every point once per seed. */
export const seeds =
  (...values: ReadonlyArray<number>) =>
  <A>(self: Experiment<A>): Experiment<A> =>
    change(self, { seeds: values })

/** The values of every run, in order: the sweep's points with defaults, filtered, without duplicates. */
export const points = <A>(self: Experiment<A>): ReadonlyArray<A> =>
  Sweep.distinct(self.sweep.map((point) => ({ ...Parameter.defaults(self.parameters), ...point }) as A)).filter(
    (values) => self.keep(values)
  )

/** Replaces the values of some parameters by another sweep, as `--beta 1,4` does. */
export const override =
  <A>(sweep: Sweep.Sweep<NoInfer<A>>, names: ReadonlyArray<keyof NoInfer<A>>) =>
  (self: Experiment<A>): Experiment<A> =>
    change(self, { sweep: Sweep.product<A>(Sweep.without<A>(self.sweep, names), sweep) })
