import { describe, expect, it } from "vitest";
import { MemoryWeb } from "../../testing/memory-web.js";
import { followRedirect, refusalOf } from "./redirect.js";

function web(): MemoryWeb {
  const memory = new MemoryWeb();
  memory.home.add("printer.example");
  return memory;
}

describe("followRedirect", () => {
  it.each([
    ["http://a.example/x/y", "z", "http://a.example/x/z"],
    ["http://a.example/x", "//b.example/z?q=1", "http://b.example/z?q=1"],
    ["http://a.example/x", "https://[2001:db8::1]/z", "https://[2001:db8::1]/z"],
    ["http://127.0.0.1:80/x", "http://127.0.0.1:81/y", "http://127.0.0.1:81/y"],
    ["http://192.168.1.2/x", "http://printer.example/y", "http://printer.example/y"],
    ["http://10.0.0.1/x", "http://a.example/y?z=1", "http://a.example/y?z=1"],
  ])("goes from %s by %s to %s", async (from, location, to) => {
    expect(await followRedirect(from, location, web())).toBe(to);
  });

  it.each([
    ["http://a.example/x", "http://127.0.0.1/"],
    ["http://a.example/x", "http://[::ffff:10.0.0.1]/"],
    ["http://a.example/x", "http://localhost:631/"],
    ["http://a.example/x", "http://printer.example/"],
    ["http://192.168.1.2/x", "http://192.168.1.1/reboot?now=1"],
    ["http://a.example/x", "ftp://a.example/"],
    ["http://a.example/x", "file:///etc/passwd"],
    ["http://a.example/x", "http://user:pass@b.example/"],
    ["http://a.example/x", "http://["],
    ["http://a.example/x", undefined],
  ])("does not go from %s to %s", async (from, location) => {
    expect(await followRedirect(from, location, web())).toMatchObject({ kind: "unusable" });
  });
});

describe("refusalOf", () => {
  it("lets a private web seed have no query", async () => {
    for (const url of ["http://192.168.1.2/f", "http://printer.example/f", "http://a.example/f?k=1"])
      expect(await refusalOf(url, web()), url).toBeUndefined();
    for (const url of ["http://192.168.1.2/f?k=1", "http://printer.example/?k=1", "http://[::1]/?k"])
      expect(await refusalOf(url, web()), url).toMatchObject({ kind: "unusable" });
  });
});
