/** What the catalogue of a state's hub holds. */
export type HubScript = "two-shares" | "nothing" | "closed" | "unreachable" | "knows-the-share" | "no-seeders";

const NOW_S = Math.floor(Date.now() / 1000);

function entry(index: number, name: string, fields: object = {}) {
  return {
    infoHash: `0123456789abcdef0123456789abcdef0123456${index}`,
    name,
    size: 12_000_000_000,
    fileCount: 1,
    pieceLength: 4_194_304,
    pieceCount: 2_862,
    private: false,
    searchable: true,
    addedAt: NOW_S - 7_300,
    lastSeedAt: NOW_S - 240,
    seeds: 2,
    leeches: 1,
    ...fields,
  };
}

/** Stands in for `fetch`: answers as a hub with that catalogue does. */
export function answerAsHub(script: HubScript): typeof fetch {
  return (input) => {
    const url = input instanceof Request ? input.url : input.toString();
    const { pathname } = new URL(url, location.href);
    if (script === "unreachable") return Promise.reject(new TypeError("No hub"));
    if (pathname.endsWith("/api/hub")) return json({ version: "0.1.0", urls: [], publicUrl: "https://hub.example/" });
    if (pathname.endsWith("/api/torrents")) return list(script);
    return share(script);
  };
}

function list(script: HubScript): Promise<Response> {
  if (script === "closed") return json({ error: "closed" }, 403);
  const few = [
    entry(5, "Field recordings", { size: 1_240_000_000, fileCount: 38, seeds: 3, leeches: 2 }),
    entry(6, "harbour at dawn.flac", { size: 70_400_000, seeds: 0, leeches: 0, addedAt: NOW_S - 90_000 }),
  ];
  return json({ torrents: script === "nothing" ? [] : few, cursor: null });
}

function share(script: HubScript): Promise<Response> {
  if (script !== "knows-the-share" && script !== "no-seeders") return json({}, 404);
  const who = script === "no-seeders" ? { seeds: 0, leeches: 2 } : {};
  const file = { path: ["thesis-data.zip"], length: 12_000_000_000 };
  return json({ ...entry(2, "thesis-data.zip", who), files: [file], filesComplete: true });
}

function json(value: object, status = 200): Promise<Response> {
  return Promise.resolve(Response.json(value, { status }));
}
