import { expect, it } from "vitest";
import { hubTwin, withHttpTwins, withoutHttpTwins } from "./http-twins.js";

it("names the HTTP twin of each WebSocket tracker behind it, once, and leaves others alone", () => {
  const trackers = ["ws://10.0.0.1:8000/announce", "wss://hub.example/x/announce", "udp://t.example:1/announce"];
  const all = [
    "ws://10.0.0.1:8000/announce",
    "http://10.0.0.1:8000/announce",
    "wss://hub.example/x/announce",
    "https://hub.example/x/announce",
    "udp://t.example:1/announce",
  ];
  expect(withHttpTwins(trackers)).toEqual(all);
  expect(withHttpTwins(all)).toEqual(all);
});

it("counts a tracker once that is named by its WebSocket and its HTTP URL", () => {
  const hub = ["http://h:1/announce", "ws://h:1/announce", "udp://h:1/announce"];
  expect(withoutHttpTwins([...hub, "http://h/announce", "x:y", "ws://h:1/announce"])).toEqual([
    "ws://h:1/announce",
    "udp://h:1/announce",
    "http://h/announce",
  ]);
  expect(withoutHttpTwins(["wss://h/announce", "http://h/announce", "https://h/announce"])).toEqual([
    "wss://h/announce",
    "http://h/announce",
  ]);
});

it("takes an HTTP tracker for a hub's only where it ends as a hub's does", () => {
  expect(hubTwin("https://h/sub/announce")).toBe("wss://h/sub/announce");
  expect(hubTwin("https://h/announce?passkey=1")).toBeUndefined();
  expect(hubTwin("https://h/announce.php")).toBeUndefined();
  expect(hubTwin("udp://h:1/announce")).toBeUndefined();
});
