import { parseInfoHash, parseMagnet, type InfoHash } from "@shoal/peer-core/torrent";
import { describe, expect, it } from "vitest";
import {
  downloadCommand,
  magnetOf,
  pageBase,
  sharedBase,
  trackersOf,
  uploadCommand,
  webLinkOf,
} from "./hub-address.js";

const INFO_HASH = parseInfoHash("0123456789abcdef0123456789abcdef01234567") ?? ("" as InfoHash);
const LAN = "http://192.0.2.7:8000/";

describe("pageBase", () => {
  it("is the folder of the page, without query and fragment", () => {
    expect(pageBase("https://hub.example/files/?x=1#/s/abc")).toBe("https://hub.example/files/");
    expect(pageBase("https://hub.example/files/index.html")).toBe("https://hub.example/files/");
  });
});

describe("sharedBase", () => {
  it("is the page's own address where others reach that", () => {
    expect(sharedBase("https://hub.example/", { urls: [LAN], publicUrl: "https://other.example/" })).toBe(
      "https://hub.example/",
    );
  });

  it("is the public URL, else the first that leaves the machine, for a page opened on the hub's own machine", () => {
    const own = "http://localhost:8000/";
    expect(sharedBase(own, { urls: [LAN, own], publicUrl: "https://hub.example/" })).toBe("https://hub.example/");
    for (const base of [own, "http://127.0.0.1:8000/", "http://[::1]:8000/"])
      expect(sharedBase(base, { urls: ["http://127.0.0.1:8000/", LAN], publicUrl: undefined })).toBe(LAN);
  });

  it("stays where it is when the hub says nothing of use", () => {
    const own = "http://localhost:8000/";
    expect(sharedBase(own, undefined)).toBe(own);
    expect(sharedBase(own, { urls: ["http://127.0.0.1:8000/"], publicUrl: undefined })).toBe(own);
    expect(sharedBase(own, { urls: ["javascript:alert(1)", "nonsense"], publicUrl: undefined })).toBe(own);
  });
});

describe("what is given to others", () => {
  it("names the tracker beside the page, over WebSocket first", () => {
    expect(trackersOf("https://hub.example/files/")).toEqual([
      "wss://hub.example/files/announce",
      "https://hub.example/files/announce",
    ]);
    expect(trackersOf(LAN)[0]).toBe("ws://192.0.2.7:8000/announce");
  });

  it("keeps a link's hints in the web link, and the name in the magnet", () => {
    const link = { infoHash: INFO_HASH, trackers: ["ws://t.example/announce"], endpoints: [], webSeeds: [] };
    expect(webLinkOf(LAN, link)).toBe(`${LAN}#/s/${INFO_HASH}?tr=ws%3A%2F%2Ft.example%2Fannounce`);
    const magnet = parseMagnet(magnetOf(LAN, INFO_HASH, "a & b\u202e"));
    expect(magnet).toMatchObject({ infoHash: INFO_HASH, name: "a & b\u202e", trackers: trackersOf(LAN) });
  });
});

describe("commands", () => {
  it("quote only what a shell would read more into", () => {
    expect(uploadCommand(LAN)).toBe(`npx --no-install shoal upload PATH --tracker ${LAN}`);
    expect(downloadCommand(`${LAN}#/s/${INFO_HASH}`)).toBe(`npx --no-install shoal download "${LAN}#/s/${INFO_HASH}"`);
  });

  it("leave a shell nothing to run, whatever the page's path", () => {
    const base = pageBase('http://hub.example/$(reboot)/`x`/"a"/b!c\\d/&e;f/');
    expect(uploadCommand(base).replace(/^.*--tracker /, "")).toMatch(/^"[^"$`\\!]*"$/);
  });
});
