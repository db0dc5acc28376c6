/**
 * How often training saves a checkpoint: every few epochs, or every few seconds.
 *
 * It does not affect results: a run resumed from any checkpoint gives the same bits.
 */

/** Whole epochs, or seconds of training. */
export type CheckpointInterval = { readonly epochs: number } | { readonly seconds: number }

/** The default: a kill loses at most half a minute of training. */
export const defaultInterval: CheckpointInterval = { seconds: 30 }

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** The syntax in words, for messages: `1epoch`, `5epochs`, `90s`, `2.5m`, `1h` are valid. */
export const syntax = "a number of epochs (5epochs) or a time (90s, 5m, 1h), above 0"

/** Reads `5epochs`, `90s`, `2.5m` or `1h`; undefined for anything else. */
export const parse = (text: string): CheckpointInterval | undefined => {
  const [, number = "", unit = ""] = /^(\d{1,9}(?:\.\d{1,3})?) ?(epochs?|s|m|h)$/.exec(text.trim()) ?? []
  const value = Number(number)
  if (!(value > 0)) return undefined
  const seconds = secondsOf[unit]
  if (seconds !== undefined) return { seconds: value * seconds }
  return Number.isInteger(value) ? { epochs: value } : undefined
}
