/**
 * The colours for categories on a dark page, each the partner of the one of the same place on paper.
 *
 * Law: every two are at least 28 apart in CIELAB (ΔE 1976), seen with normal colour vision and with none of one of the
 * three cones, and none is darker than 50, so that all show on a dark page. They were found by random search for that.
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
