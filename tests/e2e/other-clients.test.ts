import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { complete, TestLan } from "../support/clients/test-lan.js";
import { makeTorrent } from "../support/clients/torrent-files.js";
import { hashFile, writeContent } from "../support/file-content.js";
import { canMakeNetworks } from "../support/namespace.js";
import { TabBed } from "./tab-bed.js";

const MIB = 1024 ** 2;
/** Not a whole number of pieces. */
const BYTES = 24 * MIB + 77_777;

describe.skipIf(!canMakeNetworks)("tabs and ordinary clients (needs network namespaces)", () => {
  let lan: TestLan;
  let tabs: TabBed;
  /** The hub's page, as it is opened on the hub's own machine. */
  let page: string;

  beforeAll(async () => {
    lan = await TestLan.open("0.0.0.0");
    tabs = await TabBed.on(lan.network.first, lan.bed);
    page = lan.hub.urls.find((url) => url.includes("//localhost:")) ?? "";
  });

  afterEach(() => tabs.closeTabs());

  afterAll(async () => {
    await tabs.close();
    await lan.close();
  });

  test("a tab gets what aria2c seeds", async () => {
    await writeContent(lan.bed.path("aria2c", "seeded.iso"), BYTES, 1);
    const torrent = lan.bed.path("seeded.torrent");
    const infoHash = await makeTorrent(lan.bed.path("aria2c", "seeded.iso"), lan.announce, torrent);
    await lan.publish(torrent);
    await lan.seeding(await lan.join("aria2c", torrent, "aria2c"), infoHash);
    const tab = await tabs.beginToGet(`${page}#/s/${infoHash}`);
    const content = await readFile(lan.bed.path("aria2c", "seeded.iso"));
    expect(Buffer.compare(await tabs.saved(tab), content)).toBe(0);
    expect(tabs.complaints).toEqual([]);
  });

  test.each([
    { what: "libtorrent", name: "dialed.mkv", isHidden: false },
    { what: "a libtorrent that nobody can dial", name: "hidden.mkv", isHidden: true },
  ])("$what gets what a tab shares", async ({ name, isHidden }) => {
    const { infoHash } = await tabs.share(page, name, BYTES, isHidden ? 2 : 3);
    await complete(await lan.join("libtorrent", await lan.torrentFile(infoHash), `of ${name}`, { isHidden }));
    expect(await hashFile(lan.bed.path(`of ${name}`, name))).toBe(await hashFile(lan.bed.path(name)));
    expect(tabs.complaints).toEqual([]);
  });
});
