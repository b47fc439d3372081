import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLIENTS, TestLan, complete } from "../../support/clients/test-lan.js";
import { writeContent } from "../../support/file-content.js";
import { canMakeNetworks } from "../../support/net-namespace.js";

const MIB = 1024 * 1024;

/** Files whose ends fall into the middle of pieces, one without a byte (not everybody makes those), names in Unicode. */
const FOLDER = { "a/žluť.bin": 3 * MIB + 1, "a/empty": 0, "b/日本.bin": 5 * MIB + 77_777, "c.txt": 13 };

describe.skipIf(!canMakeNetworks)("shares of ours (needs network namespaces)", () => {
  let lan: TestLan;
  let shares: Record<
    "file" | "folder",
    { readonly infoHash: string; readonly magnet: string; readonly torrent: string }
  >;

  beforeAll(async () => {
    lan = await TestLan.open();
    await writeContent(lan.bed.path("file.bin"), 12 * MIB + 5, 1);
    for (const [index, [path, size]] of Object.entries(FOLDER).entries()) {
      await writeContent(lan.bed.path("folder", path), size, index);
    }
    const share = async (path: string) => {
      const { infoHash, magnet } = await (await lan.upload(path)).event("shared");
      return { infoHash, magnet, torrent: await lan.torrentFile(infoHash) };
    };
    shares = { file: await share("file.bin"), folder: await share("folder") };
  });

  afterAll(async () => {
    await lan.close();
  });

  /** Expects that `folder` of the bed holds the same bytes as what we share. */
  async function expectFiles(folder: string, paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      const [theirs, ours] = await Promise.all([readFile(lan.bed.path(folder, path)), readFile(lan.bed.path(path))]);
      expect(theirs.equals(ours), path).toBe(true);
    }
  }

  it.concurrent.each(CLIENTS)("%s gets a folder by the .torrent file that our hub serves", async (client) => {
    await complete(await lan.join(client, shares.folder.torrent, `folder-${client}`));
    await expectFiles(
      `folder-${client}`,
      Object.entries(FOLDER).flatMap(([path, size]) => (size > 0 ? [`folder/${path}`] : [])),
    );
  });

  it.concurrent.each(CLIENTS)("%s gets a file by our magnet link, its metadata from us", async (client) => {
    await complete(await lan.join(client, shares.file.magnet, `magnet-${client}`));
    await expectFiles(`magnet-${client}`, ["file.bin"]);
  });
});
