import { renderUnicodeCompact } from "uqr";

/** A QR code of `text` as lines of half blocks, light on dark and dark on light alike readable by phones. */
export function qrCode(text: string): string {
  return renderUnicodeCompact(text, { border: 2, ecc: "L" });
}
