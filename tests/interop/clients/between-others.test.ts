import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestLan, complete } from "../../support/clients/test-lan.js";
import { makeTorrent } from "../../support/clients/torrent-files.js";
import { hashFile, writeContent } from "../../support/file-content.js";
import { canMakeNetworks } from "../../support/namespace.js";

const MIB = 1024 * 1024;

/** The quick ones of them: what is proved is the tracker and the network that the other tests rely on. */
const PAIRS = [
  ["aria2c", "libtorrent"],
  ["libtorrent", "aria2c"],
] as const;

describe.skipIf(!canMakeNetworks)("between other people's clients (needs network namespaces)", () => {
  let lan: TestLan;

  beforeAll(async () => {
    lan = await TestLan.open();
  });

  afterAll(async () => {
    await lan.close();
  });

  it.concurrent.each(PAIRS)("%s seeds to %s through our tracker's HTTP", async (seeder, leech) => {
    const file = `${seeder}.bin`;
    const content = await writeContent(lan.bed.path(seeder, file), 8 * MIB, 1);
    const torrent = lan.bed.path(`${seeder}.torrent`);
    const infoHash = await makeTorrent(lan.bed.path(seeder, file), lan.announce, torrent);
    await lan.seeding(await lan.join(seeder, torrent, seeder), infoHash);
    await complete(await lan.join(leech, torrent, `to-${seeder}`));
    expect(await hashFile(lan.bed.path(`to-${seeder}`, file))).toBe(content);
  });
});
