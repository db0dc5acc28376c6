/**
 * Places the labels of points so that they overlap neither points nor each other.
 */
interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

/** Positions of a label relative to its point, in order of preference. */
const places = [
  { align: "left", dx: 9, dy: 0 },
  { align: "right", dx: -9, dy: 0 },
  { align: "center", dx: 0, dy: -13 },
  { align: "center", dx: 0, dy: 14 },
  { align: "left", dx: 7, dy: -13 },
  { align: "left", dx: 7, dy: 14 },
  { align: "right", dx: -7, dy: -13 },
  { align: "right", dx: -7, dy: 14 }
] as const

export type LabelPlace = (typeof places)[number]

/** A point in pixels from the upper left corner, and its label. */
export interface LabelledPoint {
  readonly x: number
  readonly y: number
  readonly label: string
}

/** The box of a label at a position. A character is 7 pixels wide on average. */
const boxAt = ({ label, x, y }: LabelledPoint, { align, dx, dy }: LabelPlace): Box => {
  const length = 7 * label.length
  const left = x + dx - (align === "left" ? 0 : align === "right" ? length : length / 2)
  return { left, right: left + length, top: y + dy - 7, bottom: y + dy + 7 }
}

/**
 * For each point the first position at which its label is inside the picture and overlaps neither a point nor an
 * earlier label; undefined if there is none.
 */
export const placeLabels = (
  points: ReadonlyArray<LabelledPoint>,
  picture: { readonly width: number; readonly height: number }
): ReadonlyArray<LabelPlace | undefined> => {
  const taken: Array<Box> = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }))
  return points.map((point) => {
    const free = (box: Box) =>
      box.left >= 0 &&
      box.right <= picture.width &&
      box.top >= 0 &&
      box.bottom <= picture.height &&
      !taken.some((other) => overlap(box, other))
    const place = places.find((candidate) => free(boxAt(point, candidate)))
    if (place !== undefined) taken.push(boxAt(point, place))
    return place
  })
}
