import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repositoryPath } from "../repository.js";
import type { Contender } from "./contender.js";
import { ScriptedPeers } from "./scripted-peer.js";

/** Built: nobody is measured compiling. */
const SCRIPT = repositoryPath("tests/dist/bench/contenders/webtorrent-peer.js");

/** WebTorrent on both sides, in Node, over TCP. */
export class WebTorrentPeers extends ScriptedPeers implements Contender {
  readonly name: string;
  readonly isOurs = false;

  constructor(name: string) {
    super([process.execPath, SCRIPT], false);
    this.name = name;
  }

  open(): Promise<string> {
    const main = createRequire(import.meta.url).resolve("webtorrent");
    const { version } = JSON.parse(readFileSync(join(dirname(main), "package.json"), "utf8")) as { version: string };
    return Promise.resolve(`WebTorrent ${version}`);
  }

  async close(): Promise<void> {
    // Nothing outlives a run.
  }
}
