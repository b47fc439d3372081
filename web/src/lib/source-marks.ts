/** Colours of who brought a piece, `--source-0` and on; more sources share them. */
export const SOURCE_COLOURS = 6;

/**
 * What is cut out of a piece, one mark to a colour, so that sources are told apart without seeing colours: SVG path data
 * in a square of 12.
 */
export const SOURCE_MARKS: readonly string[] = [
  "",
  "M0 12V5l7 7z",
  "M4 4h4v4H4z",
  "M0 5h12v2H0z",
  "M5 0h2v12H5z",
  "M9 0h3L0 12V9z",
];

/** Side of the square that the marks are drawn in. */
export const MARK_SIDE = 12;

/** Below this side, in CSS pixels, a mark is only noise. */
export const MIN_MARKED_SIDE = 8;
