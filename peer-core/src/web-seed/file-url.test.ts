import { describe, expect, it } from "vitest";
import { shareOf } from "../../testing/share-of.js";
import { fileUrl } from "./file-url.js";

describe("fileUrl", () => {
  it("is the seed's URL for a single file, with its name where that ends in a slash", async () => {
    const { metainfo } = await shareOf([["a b.bin", 10]], { name: "a b.bin" });
    expect(fileUrl("http://h/pub/file", metainfo, 0)).toBe("http://h/pub/file");
    expect(fileUrl("http://h/pub/", metainfo, 0)).toBe("http://h/pub/a%20b.bin");
    expect(fileUrl("http://h", metainfo, 0)).toBe("http://h/a%20b.bin");
  });

  it("is the share's folder and the path for one of several, with a slash put in where it lacks", async () => {
    const { metainfo } = await shareOf([
      ["one", 1],
      ["sub/two", 2],
    ]);
    expect(fileUrl("http://h:81/x", metainfo, 1)).toBe("http://h:81/x/share/sub/two");
    expect(fileUrl("http://h:81/x/", metainfo, 0)).toBe("http://h:81/x/share/one");
  });

  it("encodes what would mean something in a URL, and keeps the query behind the path", async () => {
    const { metainfo } = await shareOf([
      ["50% #1?.txt", 1],
      ["ü\\x", 1],
    ]);
    expect(fileUrl("http://h/d/?key=1", metainfo, 0)).toBe("http://h/d/share/50%25%20%231%3F.txt?key=1");
    expect(fileUrl("http://h/d", metainfo, 1)).toBe("http://h/d/share/%C3%BC%5Cx");
  });

  it("is nothing for a path that would lead elsewhere, nor for an index beyond the files", async () => {
    const { metainfo } = await shareOf([
      ["../up", 1],
      ["fine", 1],
    ]);
    expect(fileUrl("http://h/", metainfo, 0)).toBeUndefined();
    expect(fileUrl("http://h/", metainfo, 2)).toBeUndefined();
  });
});
