import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canMakeNetworks } from "../support/namespace.js";
import { PUBLIC_SUBNET, TestNetwork } from "../support/net-namespace.js";
import { ProcessBed } from "../support/processes.js";
import { TabBed } from "./tab-bed.js";

const MIB = 1024 ** 2;
/** Not a whole number of pieces. */
const BYTES = 12 * MIB + 77_777;

/** What a browser gives a page, as far as the engine uses it. */
const GIVEN = `({
  isSecure: isSecureContext,
  digest: typeof crypto.subtle,
  files: typeof navigator.storage,
  locks: typeof navigator.locks,
})`;

describe.skipIf(!canMakeNetworks)("plain http at an address of the internet (needs network namespaces)", () => {
  let processes: ProcessBed;
  let network: TestNetwork;
  let tabs: TabBed;
  let url: string;

  beforeAll(async () => {
    processes = await ProcessBed.open();
    network = await TestNetwork.open(processes.path("gateway.sock"), PUBLIC_SUBNET);
    const { address, under } = network.first;
    const serve = ["serve", "--host", address, "--port", "0", "--data", processes.path("hub")];
    url = (await processes.run(serve, { under }).event("serving")).url;
    tabs = await TabBed.on(await network.machine(), processes);
  });

  afterAll(async () => {
    await tabs.close();
    await network.close();
  });

  test("a tab shares and another gets, without files, locks and WebCrypto, and both say what is missing", async () => {
    expect(new URL(url).hostname).toBe(`${PUBLIC_SUBNET}.1`);
    const { page, link, infoHash } = await tabs.share(url, "plain.bin", BYTES, 1);
    const nothing = "undefined";
    expect(await page.evaluate(GIVEN)).toEqual({ isSecure: false, digest: nothing, files: nothing, locks: nothing });
    const getting = await tabs.beginToGet(link);
    await tabs.expectSaved([getting], "plain.bin");
    for (const each of [page, getting]) {
      const notice = await each.getByTestId("notice-http").innerText();
      for (const missing of ["plain http", "slower", "Two tabs", "folder"]) expect(notice).toContain(missing);
    }
    const listed = await network.ask(new URL(`api/torrents/${infoHash}`, url).href);
    expect(JSON.parse(listed.body.toString())).toMatchObject({ name: "plain.bin", size: BYTES, searchable: true });
    // Chromium says so of a header that it does not use here.
    expect(tabs.complaints.filter((complaint) => !complaint.includes("Cross-Origin-Opener-Policy"))).toEqual([]);
  });
});
