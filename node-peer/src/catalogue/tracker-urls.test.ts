import { describe, expect, it } from "vitest";
import { UsageError } from "../usage-error.js";
import { hubOfTracker, parseTrackerUrl, trackerKind, trackerOfHub } from "./tracker-urls.js";

describe("tracker URLs", () => {
  it.each([
    ["ws://localhost:8000/announce", "ws://localhost:8000/announce"],
    ["wss://hub.example/sub/announce", "wss://hub.example/sub/announce"],
    ["http://hub.example/", "ws://hub.example/announce"],
    ["https://hub.example/sub/", "wss://hub.example/sub/announce"],
    ["localhost:8000", "ws://localhost:8000/announce"],
    ["[::1]:8000", "ws://[::1]:8000/announce"],
    ["ws://hub.example/", "ws://hub.example/announce"],
    ["http://tracker.example/announce", "http://tracker.example/announce"],
    [
      "https://tracker.example/0123456789abcdef/announce.php?x=1#y",
      "https://tracker.example/0123456789abcdef/announce.php?x=1",
    ],
    ["udp://tracker.example:6969", "udp://tracker.example:6969"],
    ["udp://[2001:db8::1]:80/announce", "udp://[2001:db8::1]:80/announce"],
  ])("reads %s", (text, url) => {
    expect(parseTrackerUrl(text)).toBe(url);
  });

  it.each(["", "gopher://x/", "udp://x/announce", "ws://user:word@x/announce", "ws://", "http://"])(
    "refuses %j",
    (text) => {
      expect(() => parseTrackerUrl(text)).toThrow(UsageError);
    },
  );

  it.each([
    ["wss://x/announce", "hub"],
    ["https://x/announce", "http"],
    ["udp://x:1", "udp"],
    ["udp://x", undefined],
    ["wss://a:b@x/announce", undefined],
    ["ftp://x/announce", undefined],
    ["announce", undefined],
  ])("tell by %s what is spoken there", (url, kind) => {
    expect(trackerKind(url)).toBe(kind);
  });

  it("lead to the page beside them and back", () => {
    expect(hubOfTracker("wss://hub.example/sub/announce")).toBe("https://hub.example/sub/");
    expect(trackerOfHub("https://hub.example/sub/")).toBe("wss://hub.example/sub/announce");
    expect(hubOfTracker("udp://hub.example:80/announce")).toBeUndefined();
  });
});
