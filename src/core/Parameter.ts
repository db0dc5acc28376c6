/**
 * A parameter of an experiment: a schema that checks its values, a default, and words for `--help`.
 *
 * One definition serves three places: the declaration's types, the manifest (JSON) and the command line (text).
 */
import { Schema, SchemaTransformation } from "effect"
import type { Json } from "./Spec.ts"

export interface Parameter<out A> {
  /** Checks values and writes them as JSON. */
  readonly schema: Schema.Codec<A, Json>
  /** Reads and writes one value on a command line; no comma appears in the text. */
  readonly text: Schema.Codec<A, string>
  readonly default: A
  /** What the parameter is, with its unit. */
  readonly description: string
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>

/** Values for parameters. */
export type Values<P extends Parameters> = { readonly [K in keyof P]: P[K]["default"] }

/** A default and a description, which should name the unit where there is one. */
export interface Options<A> {
  readonly default: A
  readonly description: string
}

/** A parameter of any schema whose command-line text is the schema's own string form. */
export const make = <A>(schema: Schema.Codec<A, Json>, options: Options<A>): Parameter<A> => ({
  schema,
  // For schemas of a single value the string tree is one string.
  text: Schema.toCodecStringTree(schema) as Schema.Codec<A, string>,
  ...options
})

/** Text of a number in decimal notation. JavaScript would take nothing for 0 and `0x10` for 16. */
export const DecimalText = Schema.String.check(
  Schema.isPattern(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, { expected: "a number such as 12, 0.5 or 1e-3" })
)

const numeric = (schema: Schema.Codec<number, number>, options: Options<number>): Parameter<number> => ({
  schema,
  text: DecimalText.pipe(Schema.decodeTo(schema, SchemaTransformation.numberFromString)),
  ...options
})

/** A whole number, at least 1. */
export const PositiveInt = (options: Options<number>): Parameter<number> =>
  numeric(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)), options)

/** A finite number, at least 0. */
export const NonNegative = (options: Options<number>): Parameter<number> =>
  numeric(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)), options)

/** A finite number above 0. */
export const Positive = (options: Options<number>): Parameter<number> =>
  numeric(Schema.Finite.check(Schema.isGreaterThan(0)), options)

/** One of some words. */
export const Choice = <const Words extends ReadonlyArray<string>>(
  words: Words,
  options: Options<NoInfer<Words[number]>>
): Parameter<Words[number]> => make(Schema.Literals(words), options)

const WidthsSchema = Schema.Array(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))

/** Units of hidden layers, first to last; `512-256` on a command line, `none` for no hidden layer. */
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
