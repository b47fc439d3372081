import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Machine } from "../../support/net-namespace.js";
import { ensureProgram } from "../../support/programs.js";
import { ARIA2_OPTIONS } from "../contenders/aria2.js";
import { versionOf } from "../contenders/version-of.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import { repositoryPath } from "../repository.js";
import { PEER_PORT, runOn, type Crowd, type CrowdContender } from "./crowd-contender.js";

const TRACKER = repositoryPath("tests/dist/bench/lines/peer-list-server.js");
const TRACKER_PORT = 8000;

/** aria2c itself says nothing when a share is whole and it goes on seeding, but runs a program then. */
const WHOLE = "is whole";
const HOOK = `#!/bin/sh\necho ${WHOLE}\n`;

/** aria2c, which cannot be told a peer: a tracker that names everybody tells it. It is started to begin. */
export class Aria2Crowd implements CrowdContender {
  readonly name = "aria2c";
  readonly isOurs = false;
  #aria2 = "";

  async open(): Promise<string> {
    this.#aria2 = await ensureProgram("aria2c", "aria2");
    return `aria2 ${versionOf(this.#aria2, ["--version"], /aria2 version (\S+)/)}`;
  }

  async startSource(crowd: Crowd): Promise<readonly MeasuredProcess[]> {
    const { share, source, tracker, peers } = crowd;
    const everybody = [source, ...peers].map(({ address }) => `${address}:${PEER_PORT}`);
    const listing = runOn(tracker, process.execPath, [TRACKER, tracker.address, String(TRACKER_PORT), ...everybody]);
    await listing.line("ready", (line) => (line === "ready" ? true : undefined));
    const seeding = this.#start(crowd, source, share.folder, ["--bt-seed-unverified=true"]);
    await seeding.listens(PEER_PORT);
    return [listing, seeding];
  }

  async startPeer(crowd: Crowd, machine: Machine, into: string) {
    const hook = join(into, "whole.sh");
    await writeFile(hook, HOOK, { mode: 0o755 });
    return () => {
      const process = this.#start(crowd, machine, into, [`--on-bt-download-complete=${hook}`]);
      const isWhole = process.line("complete", (line) => (line.includes(WHOLE) ? true : undefined));
      return { process, complete: isWhole.then(() => undefined) };
    };
  }

  #start({ share, tracker }: Crowd, machine: Machine, folder: string, more: readonly string[]): MeasuredProcess {
    const announce = `--bt-tracker=http://${tracker.address}:${TRACKER_PORT}/announce`;
    const options = [...ARIA2_OPTIONS, `--listen-port=${PEER_PORT}`, announce, "--seed-ratio=0.0", ...more];
    return runOn(machine, this.#aria2, [...options, "-d", folder, share.torrent]);
  }
}
