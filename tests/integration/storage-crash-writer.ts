import { openFsPieceStore } from "../../node-peer/src/storage/open-fs-piece-store.js";
import { countingVerifier, makeShare, pieceBytes } from "../../node-peer/src/storage/share-fixture.js";

/** Pieces written at once, as a download does. */
const PARALLEL = 4;

/**
 * Run as a process of its own, to be killed: takes up the download of a made-up share in DIRECTORY and writes what is
 * missing, in an order that depends on SEED. Prints the index of each piece once its write has settled, then
 * "finishing", then "finished". With MOST it writes so many pieces at most, and then waits to be killed, however late that
 * comes. Arguments: DIRECTORY, the share's files as JSON, SEED, MOST.
 */
async function main(
  directory: string,
  files: Record<string, number> | number,
  { seed, most }: { readonly seed: number; readonly most: number },
): Promise<void> {
  const share = await makeShare("share", files);
  const store = await openFsPieceStore({ metainfo: share.metainfo, directory, ...countingVerifier(share) });
  const present = store.present();
  const missing = [...share.metainfo.geometry.pieces()].filter((piece) => present[piece] !== 1);
  const order = missing.map((piece) => ({ piece, key: Math.sin(piece * 99 + seed * 7) })).sort((a, b) => a.key - b.key);
  const queue = order.slice(0, most).values();
  const lane = async () => {
    for (const { piece } of queue) {
      await store.write(piece, pieceBytes(share, piece));
      process.stdout.write(`${piece}\n`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  if (order.length > most) {
    setInterval(() => undefined, 1_000);
    return;
  }
  process.stdout.write("finishing\n");
  await store.finish();
  process.stdout.write("finished\n");
  await store.close();
}

const [directory = "", files = "0", seed = "0", most = "Infinity"] = process.argv.slice(2);
await main(directory, JSON.parse(files) as Record<string, number> | number, { seed: Number(seed), most: Number(most) });
