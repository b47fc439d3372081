import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCataloguePage, parseHubDescription, parseShareDetails } from "./catalogue-entry.js";
import { AnswerError } from "./json-fields.js";

const ENTRY = {
  infoHash: "0123456789abcdef0123456789abcdef01234567",
  name: "holiday",
  size: 1_048_576,
  fileCount: 2,
  pieceLength: 32_768,
  pieceCount: 32,
  private: false,
  searchable: true,
  addedAt: 1_790_000_000,
  lastSeedAt: 1_790_003_600,
  seeds: 1,
  leeches: 0,
};

describe("the hub's answers", () => {
  it("are read into what the page shows", () => {
    const page = parseCataloguePage({ torrents: [ENTRY], cursor: "1f", more: "ignored" });
    expect(page).toMatchObject({ entries: [{ name: "holiday", isPrivate: false, isSearchable: true }], cursor: "1f" });
    expect(parseCataloguePage({ torrents: [], cursor: null }).cursor).toBeUndefined();
    const files = [{ path: ["sub", "a.txt"], length: 5 }];
    expect(parseShareDetails({ ...ENTRY, files, filesComplete: true })).toMatchObject({ files, filesComplete: true });
    const hub = { version: "0.1.0", urls: ["http://192.0.2.7/"], publicUrl: null };
    expect(parseHubDescription(hub)).toEqual({ urls: ["http://192.0.2.7/"], publicUrl: undefined });
  });

  it.each([
    { infoHash: "0123" },
    { name: 7 },
    { size: -1 },
    { size: 1.5 },
    { seeds: "1" },
    { private: 0 },
    { addedAt: null },
  ])("are refused with %j in an entry", (wrong) => {
    expect(() => parseCataloguePage({ torrents: [{ ...ENTRY, ...wrong }], cursor: null })).toThrow(AnswerError);
  });

  it("are read or refused, never trusted, whatever comes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        for (const parse of [parseCataloguePage, parseShareDetails, parseHubDescription]) {
          try {
            parse(json);
          } catch (error) {
            if (!(error instanceof AnswerError)) throw error;
          }
        }
      }),
    );
  });
});
