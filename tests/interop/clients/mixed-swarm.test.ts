import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askUntil } from "../../support/clients/ask-until.js";
import type { OrdinaryPeer } from "../../support/clients/ordinary-peer.js";
import { CLIENTS, TestLan, complete, type ClientName } from "../../support/clients/test-lan.js";
import { makeTorrent } from "../../support/clients/torrent-files.js";
import { hashFile, writeContent } from "../../support/file-content.js";
import { canMakeNetworks } from "../../support/namespace.js";
import type { ShoalProcess } from "../../support/processes.js";

const MIB = 1024 * 1024;
const BYTES = 8 * MIB;

/** Slow enough that others lack much when the seeder has given everything once. */
const SLOW_BYTES_PER_SECOND = MIB;

/** Peers of ours in every swarm, beside one of each other client. */
const OURS = 3;

/** What seeds at first; it is ended at once by `leave`. */
interface FirstSeeder {
  readonly torrent: string;
  readonly infoHash: string;
  readonly client: ClientName | undefined;
  leave(): Promise<void>;
}

interface Leeches {
  readonly ours: readonly { readonly folder: string; readonly process: ShoalProcess }[];
  readonly others: readonly { readonly folder: string; readonly peer: OrdinaryPeer }[];
}

describe.skipIf(!canMakeNetworks)("a swarm of all clients and three of ours (needs network namespaces)", () => {
  let lan: TestLan;

  beforeAll(async () => {
    lan = await TestLan.open();
  });

  afterAll(async () => {
    await lan.close();
  });

  /** Our seeder of a new file, as fast as it can or slowly. */
  async function seedOurs(name: string, isSlow: boolean): Promise<FirstSeeder> {
    const limit = isSlow ? ["--up", String(SLOW_BYTES_PER_SECOND)] : [];
    const seeder = await lan.upload([`${name}.bin`], ...limit);
    const { infoHash } = await seeder.event("shared");
    const leave = async () => {
      seeder.kill("SIGKILL");
      await seeder.ended;
    };
    return { torrent: await lan.torrentFile(infoHash), infoHash, client: undefined, leave };
  }

  /** libtorrent as the seeder of a new file. */
  async function seedLibtorrent(name: string, isSlow: boolean): Promise<FirstSeeder> {
    const torrent = lan.bed.path(`${name}.torrent`);
    const infoHash = await makeTorrent(lan.bed.path(`${name}.bin`), lan.announce, torrent);
    await lan.publish(torrent);
    const limit = isSlow ? { bytesPerSecond: SLOW_BYTES_PER_SECOND } : {};
    const seeder = await lan.join("libtorrent", torrent, ".", limit);
    await lan.seeding(seeder, infoHash);
    return { torrent, infoHash, client: "libtorrent", leave: () => seeder.kill() };
  }

  async function joinAll({ torrent, client }: FirstSeeder, name: string): Promise<Leeches> {
    const others = CLIENTS.filter((each) => each !== client).map(async (each) => {
      const folder = `${name}-${each}`;
      return { folder, peer: await lan.join(each, torrent, folder) };
    });
    const ours = Array.from({ length: client === undefined ? OURS - 1 : OURS }, async (_, index) => {
      const folder = `${name}-ours-${index}`;
      return { folder, process: await lan.download(torrent, folder, "--keep-seeding") };
    });
    return { ours: await Promise.all(ours), others: await Promise.all(others) };
  }

  async function expectComplete({ ours, others }: Leeches, name: string, content: string): Promise<void> {
    await Promise.all([
      ...ours.map(({ process }) => process.event("complete")),
      ...others.map(({ peer }) => complete(peer)),
    ]);
    for (const { folder } of [...ours, ...others]) {
      expect(await hashFile(lan.bed.path(folder, `${name}.bin`)), folder).toBe(content);
    }
  }

  /** Resolves, when the leeches together hold every piece, to how many lack some. */
  async function coveredWithout(infoHash: string, { ours, others }: Leeches): Promise<number> {
    return await askUntil(
      async () => {
        // The hub knows of ours, and counts the first seeder once for every piece.
        const holders = await lan.holders(infoHash);
        const held = await Promise.all(others.map(({ peer }) => peer.held()));
        if (!holders.every((count, piece) => count > 1 || held.some((pieces) => pieces[piece]))) return undefined;
        const lacking = held.filter((pieces) => pieces.length === 0 || pieces.includes(false)).length;
        return lacking + ours.filter(({ process }) => process.all("complete").length === 0).length;
      },
      () => "The seeder did not give every piece to anybody",
    );
  }

  const seeders = [
    ["ours", seedOurs],
    ["libtorrent", seedLibtorrent],
  ] as const;

  it.concurrent.each(seeders)("ends with everybody complete when %s seeds", async (seeder, seed) => {
    const name = `staying-${seeder}`;
    const content = await writeContent(lan.bed.path(`${name}.bin`), BYTES, 1);
    const leeches = await joinAll(await seed(name, false), name);
    await expectComplete(leeches, name, content);
  });

  it.concurrent.each(seeders)("outlives the seeder, %s, that has given everything once", async (seeder, seed) => {
    const name = `leaving-${seeder}`;
    const content = await writeContent(lan.bed.path(`${name}.bin`), BYTES, 2);
    const first = await seed(name, true);
    const leeches = await joinAll(first, name);
    const lacking = await coveredWithout(first.infoHash, leeches);
    await first.leave();
    expect(lacking).toBeGreaterThan(0);
    await expectComplete(leeches, name, content);
  });
});
