import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS, TestLan, complete } from "../../support/clients/test-lan.js";
import { hashFile, writeContent } from "../../support/file-content.js";
import { canMakeNetworks } from "../../support/namespace.js";
import type { ShoalProcess } from "../../support/processes.js";

const MIB = 1024 * 1024;

/** Files whose ends fall into the middle of pieces, one without a byte (not everybody makes those), names in Unicode. */
const FOLDER = { "a/žluť.bin": 3 * MIB + 1, "a/empty": 0, "b/日本.bin": 5 * MIB + 77_777, "c.txt": 13 };

describe.skipIf(!canMakeNetworks)("shares of ours (needs network namespaces)", () => {
  let lan: TestLan;
  let seeder: ShoalProcess;

  /** Every client has a swarm of its own, in which we are the only seeder. */
  beforeAll(async () => {
    lan = await TestLan.open();
    const paths: string[] = [];
    for (const [index, client] of CLIENTS.entries()) {
      paths.push(`folder of ${client}`, `file of ${client}`);
      await writeContent(lan.bed.path(`file of ${client}`), 12 * MIB + 5, index);
      for (const [path, size] of Object.entries(FOLDER)) {
        await writeContent(lan.bed.path(`folder of ${client}`, path), size, index);
      }
    }
    seeder = await lan.upload(paths);
  });

  afterAll(async () => {
    await lan.close();
  });

  async function expectCopy(folder: string, path: string): Promise<void> {
    expect(await hashFile(lan.bed.path(folder, path)), path).toBe(await hashFile(lan.bed.path(path)));
  }

  it.concurrent.each(CLIENTS)("%s gets a folder by the .torrent file that our hub serves", async (client) => {
    const { infoHash } = await seeder.event("shared", ({ name }) => name === `folder of ${client}`);
    await complete(await lan.join(client, await lan.torrentFile(infoHash), `by-file-${client}`));
    for (const [path, size] of Object.entries(FOLDER)) {
      if (size > 0) await expectCopy(`by-file-${client}`, `folder of ${client}/${path}`);
    }
  });

  it.concurrent.each(CLIENTS)("%s gets a file by our magnet link, its metadata from us", async (client) => {
    const { magnet } = await seeder.event("shared", ({ name }) => name === `file of ${client}`);
    await complete(await lan.join(client, magnet, `by-magnet-${client}`));
    await expectCopy(`by-magnet-${client}`, `file of ${client}`);
  });
});
