import { displayName } from "@shoal/peer-core/torrent";
import type { Output } from "./output.js";
import { qrCode } from "./qr-code.js";
import type { RunningShare } from "../share/share-source.js";
import { formatCount, formatSize } from "../units.js";

/** Tells that PATH is shared: link and magnet on stdout, on a terminal a QR code if it is wanted. */
export function reportShared(path: string, share: RunningShare, output: Output, withQrCode: boolean): void {
  const { metainfo, magnet } = share;
  const { infoHash, name, length: size, geometry } = metainfo;
  const link = share.link ?? magnet;
  output.event({ event: "shared", infoHash, name, size, pieceLength: geometry.pieceLength, link, magnet, path });
  const files = metainfo.isMultiFile ? `, ${formatCount(metainfo.files.length, "file")}` : "";
  output.note(`Sharing ${displayName(name)} (${formatSize(size)}${files})`);
  output.print(link);
  if (link !== magnet) output.print(magnet);
  if (withQrCode && output.isLive) output.note(qrCode(link));
}
