import { describe, expect, it } from "vitest";
import { UsageError } from "../usage-error.js";
import { hubOfTracker, parseTrackerUrl, trackerOfHub } from "./tracker-urls.js";

describe("tracker URLs", () => {
  it.each([
    ["ws://localhost:8000/announce", "ws://localhost:8000/announce"],
    ["wss://hub.example/sub/announce", "wss://hub.example/sub/announce"],
    ["http://hub.example/", "ws://hub.example/announce"],
    ["https://hub.example/sub/", "wss://hub.example/sub/announce"],
    ["localhost:8000", "ws://localhost:8000/announce"],
    ["[::1]:8000", "ws://[::1]:8000/announce"],
  ])("reads %s", (text, url) => {
    expect(parseTrackerUrl(text)).toBe(url);
  });

  it.each(["", "gopher://x/", "udp://x:1/announce", "ws://user:word@x/announce", "ws://"])("refuses %j", (text) => {
    expect(() => parseTrackerUrl(text)).toThrow(UsageError);
  });

  it("lead to the page beside them and back", () => {
    expect(hubOfTracker("wss://hub.example/sub/announce")).toBe("https://hub.example/sub/");
    expect(trackerOfHub("https://hub.example/sub/")).toBe("wss://hub.example/sub/announce");
    expect(hubOfTracker("udp://hub.example:80/announce")).toBeUndefined();
  });
});
