import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Server from "bittorrent-tracker/server";
import { partDigestsIn } from "./part-digests.js";
import { startRivalServer } from "./rival-server.js";
import type { OpenTabs, TabContender, TabSetting } from "./tab-contender.js";

/** WebTorrent from one tab to another over WebRTC. Two origins: of one they would find the file in their common storage. */
export class WebTorrentTabs implements TabContender {
  readonly name: string;
  readonly isOurs = false;
  readonly part = 1 / 4;
  #tracker: Server | undefined;

  constructor(name: string) {
    this.name = name;
  }

  async open(): Promise<string> {
    const tracker = new Server({ http: false, udp: false, ws: true, stats: false });
    await new Promise<void>((resolve) => tracker.listen(0, "127.0.0.1", () => resolve()));
    this.#tracker = tracker;
    const main = createRequire(import.meta.url).resolve("webtorrent");
    const { version } = JSON.parse(readFileSync(join(dirname(main), "package.json"), "utf8")) as { version: string };
    return `WebTorrent ${version}`;
  }

  async openTabs({ browser, share, folder }: TabSetting): Promise<OpenTabs> {
    const { process, port } = await startRivalServer(folder, share.folder);
    const sharer = await browser.openTab(`http://sharer.localhost:${port}/webtorrent.html`);
    const getter = await browser.openTab(`http://getter.localhost:${port}/webtorrent.html`);
    const tracker = `ws://127.0.0.1:${this.#tracker?.ws.address().port ?? 0}`;
    let torrent = "";
    return {
      others: [process],
      share: async () => {
        await sharer.pick("input", join(share.folder, share.name));
        torrent = await sharer.evaluate<string>(`share(${JSON.stringify(tracker)})`);
      },
      carry: () => getter.evaluate(`get(${JSON.stringify(torrent)})`),
      digests: () => partDigestsIn(getter, "parts()"),
      close: () => process.stop(),
    };
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#tracker === undefined) resolve();
      else this.#tracker.close(() => resolve());
    });
  }
}
