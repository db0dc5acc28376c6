/**
 * The categorical colours on a dark page, each the counterpart of the light palette's at the same index.
 *
 * Law: any two differ by at least 28 in CIELAB (ΔE 1976), with normal colour vision and with each dichromacy
 * (simulated), and none has a lightness below 50. Found by random search.
 */
export const categoricalDark: ReadonlyArray<string> = [
  "#a63cff",
  "#df6514",
  "#63fb76",
  "#756ecc",
  "#b9ff01",
  "#ffedfb",
  "#7cb4dd",
  "#ebb0a0",
  "#b65884",
  "#8a774b"
]
