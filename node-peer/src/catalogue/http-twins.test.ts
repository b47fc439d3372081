import { expect, it } from "vitest";
import { withHttpTwins } from "./http-twins.js";

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
