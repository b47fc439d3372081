import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repositoryPath } from "../repository.js";
import type { Contender } from "./contender.js";
import { ScriptedPeers } from "./scripted-peer.js";

/** Built: nobody is measured compiling. */
const SCRIPT = repositoryPath("tests/dist/bench/contenders/webtorrent-peer.js");

const COMMAND = [process.execPath, SCRIPT];

/** The command that runs its script, and its version. */
export function webTorrentProgram(): Promise<{ command: readonly string[]; version: string }> {
  const main = createRequire(import.meta.url).resolve("webtorrent");
  const { version } = JSON.parse(readFileSync(join(dirname(main), "package.json"), "utf8")) as { version: string };
  return Promise.resolve({ command: COMMAND, version: `WebTorrent ${version}` });
}

/** WebTorrent on both sides, in Node, over TCP. */
export class WebTorrentPeers extends ScriptedPeers implements Contender {
  readonly name: string;
  readonly isOurs = false;

  constructor(name: string) {
    super(COMMAND, false);
    this.name = name;
  }

  async open(): Promise<string> {
    return (await webTorrentProgram()).version;
  }

  async close(): Promise<void> {
    // Nothing outlives a run.
  }
}
