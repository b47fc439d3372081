import { expect, it } from "vitest";
import { trackerLabel } from "./tracker-label.js";

it.each([
  ["ws://localhost:8000/announce", "ws://localhost:8000/announce"],
  ["udp://tracker.example:6969/announce", "udp://tracker.example:6969/announce"],
  ["https://t.example/0123456789abcdef0123456789abcdef/announce", "https://t.example/…/announce"],
  ["https://t.example/announce.php?passkey=secret&uid=5", "https://t.example/announce.php?…"],
  ["no url", "no url"],
])("calls %s %s", (url, label) => {
  expect(trackerLabel(url)).toBe(label);
});
