import { describe, expect, it } from "vitest";
import { homeHash, routeOf } from "./route.js";

const HASH = "0123456789abcdef0123456789abcdef01234567";
const PAGE = "https://hub.example/files/";

describe("routeOf", () => {
  it.each(["", "#", "#/", "#elsewhere", "#/?x=1"])("%j is the home page", (fragment) => {
    expect(routeOf(PAGE + fragment)).toEqual({ kind: "home", query: "" });
  });

  it.each(["harbour dawn", "a&b=c#d", "100 %", "ünïcode"])("finds the search %j again", (query) => {
    expect(routeOf(PAGE + homeHash(query))).toEqual({ kind: "home", query });
  });

  it("reads a share's link with its hints", () => {
    const route = routeOf(`${PAGE}#/s/${HASH.toUpperCase()}?tr=ws%3A%2F%2Ft.example%2Fannounce&so=0,2`);
    expect(route).toMatchObject({
      kind: "share",
      link: { infoHash: HASH, trackers: ["ws://t.example/announce"], select: [0, 2] },
    });
  });

  it.each(["#/s/", "#/s/123", `#/s/${HASH}0`, "#/s/%00"])("%j is no whole link", (fragment) => {
    expect(routeOf(PAGE + fragment)).toEqual({ kind: "broken-link", isPrivate: false });
  });

  it("tells a private link from a broken one", () => {
    expect(routeOf(`${PAGE}#/s/${HASH}/secret`)).toEqual({ kind: "broken-link", isPrivate: true });
  });
});
