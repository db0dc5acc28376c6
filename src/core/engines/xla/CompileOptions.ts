/**
 * The options that a program is compiled with, as the bytes of XLA's `CompileOptionsProto`.
 *
 * Source: https://github.com/openxla/xla/blob/main/xla/pjrt/proto/compile_options.proto
 */

/** XLA's flags, by name: switches, and numbers below 128. */
export type Flags = Readonly<Record<string, boolean | number>>

/** A field that holds bytes: its number and wire type, the length and the bytes. All are shorter than 128. */
const field = (number: number, bytes: ReadonlyArray<number>): ReadonlyArray<number> => [
  (number << 3) | 2,
  bytes.length,
  ...bytes
]

/** A field that holds a number below 128. */
const small = (number: number, value: number): ReadonlyArray<number> => [number << 3, value]

const executableBuildOptions = 3
const environmentOverrides = 7

/** One replica and one partition, with the flags set. */
export const encode = (flags: Flags): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...field(executableBuildOptions, [...small(4, 1), ...small(5, 1)]),
    ...Object.entries(flags).flatMap(([name, value]) =>
      field(environmentOverrides, [
        ...field(1, [...new TextEncoder().encode(name)]),
        ...field(2, typeof value === "number" ? small(3, value) : small(2, Number(value)))
      ])
    )
  ])
