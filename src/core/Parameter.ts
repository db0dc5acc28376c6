/**
 * A parameter of an experiment: a schema of its values, a default, and a description for `--help`.
 *
 * One definition gives the types of the declaration, the JSON of the manifest and the text of the command line.
 */
import { Schema, SchemaTransformation } from "effect"
import type { Json } from "./Spec.ts"

export interface Parameter<out A> {
  /** Validates values and encodes them as JSON. */
  readonly schema: Schema.Codec<A, Json>
  /** Parses and prints a value on the command line; the text contains no comma. */
  readonly text: Schema.Codec<A, string>
  readonly default: A
  /** What the parameter is, with its unit. */
  readonly description: string
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** Values for parameters. */
export type Values<P extends Parameters> = { readonly [K in keyof P]: P[K]["default"] }

/** A default and a description, which should name the unit. */
export interface Options<A> {
  readonly default: A
  readonly description: string
}

/** A parameter of any schema whose command-line text is the schema's own string form. */
export const make = <A>(schema: Schema.Codec<A, Json>, options: Options<A>): Parameter<A> => ({
  schema,
  // The string tree of a single value is one string.
  text: Schema.toCodecStringTree(schema) as Schema.Codec<A, string>,
  ...options
})

/** A number in decimal notation; JavaScript's `Number` also accepts the empty string and `0x10`. */
export const DecimalText = Schema.String.check(
  Schema.isPattern(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, { expected: "a number such as 12, 0.5 or 1e-3" })
)

const numeric = (schema: Schema.Codec<number, number>, options: Options<number>): Parameter<number> => ({
  schema,
  text: DecimalText.pipe(Schema.decodeTo(schema, SchemaTransformation.numberFromString)),
  ...options
})

/** A positive integer. */
export const PositiveInt = (options: Options<number>): Parameter<number> =>
  numeric(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)), options)

/** A finite number, at least 0. */
export const NonNegative = (options: Options<number>): Parameter<number> =>
  numeric(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)), options)

/** A finite number above 0. */
export const Positive = (options: Options<number>): Parameter<number> =>
  numeric(Schema.Finite.check(Schema.isGreaterThan(0)), options)

/** One of several words. */
export const Choice = <const Words extends ReadonlyArray<string>>(
  words: Words,
  options: Options<NoInfer<Words[number]>>
): Parameter<Words[number]> => make(Schema.Literals(words), options)

const WidthsSchema = Schema.Array(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))

/** Widths of hidden layers, in order; `512-256` on the command line, `none` for no hidden layer. */
export const Widths = (options: Options<ReadonlyArray<number>>): Parameter<ReadonlyArray<number>> => ({
  schema: WidthsSchema,
  text: Schema.String.pipe(
    Schema.decodeTo(
      WidthsSchema,
      SchemaTransformation.transform<ReadonlyArray<number>, string>({
        decode: (text) =>
          text === "none"
            ? []
            : text.split("-").map((width) => (/^\d+$/.test(width.trim()) ? Number(width) : Number.NaN)),
        encode: (widths) => (widths.length === 0 ? "none" : widths.join("-"))
      })
    )
  ),
  ...options
})

/** The defaults of all parameters. */
export const defaults = <P extends Parameters>(parameters: P): Values<P> =>
  Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.default])) as Values<P>
