/** Light modules around the code: what readers need to find it. */
const QUIET_ZONE = 4;

/** A QR code as an SVG path of unit squares, and the side of the drawing. */
export interface QrPath {
  readonly path: string;
  readonly side: number;
}

/** The QR code of `text`; its encoder is loaded when the first one is asked for. Rejects when the text is too long. */
export async function qrPath(text: string): Promise<QrPath> {
  const { encode } = await import("uqr");
  const { data, size } = encode(text, { ecc: "M", border: QUIET_ZONE });
  return { path: data.map(rowPath).join(""), side: size };
}

/** Runs of dark modules as one rectangle each: a fifth of the path that single squares make. */
function rowPath(row: readonly boolean[], y: number): string {
  let path = "";
  for (let x = 0; x < row.length; x++) {
    if (row[x] !== true) continue;
    const start = x;
    while (row[x + 1] === true) x += 1;
    path += `M${start} ${y}h${x - start + 1}v1H${start}z`;
  }
  return path;
}
