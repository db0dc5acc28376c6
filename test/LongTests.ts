/**
 * How much the suites of faults do that can be made longer at will: fuzzed readers, injected faults, killed processes.
 *
 * `VAE_LONG_TESTS=1 vitest run test/fuzz test/faults` runs the long versions, which take minutes; without the variable each
 * suite does a part of the same work, drawn from the same seeds.
 */

export const isLong: boolean = process.env["VAE_LONG_TESTS"] === "1"

/** `short`, or `long` where long tests are asked for. */
export const amount = <A>(short: A, long: A): A => (isLong ? long : short)
