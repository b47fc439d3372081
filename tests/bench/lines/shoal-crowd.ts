import { execFile } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Machine } from "../../support/net-namespace.js";
import { event, shoalCommand } from "../contenders/shoal.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import { PEER_PORT, runOn, type Crowd, type CrowdContender } from "./crowd-contender.js";

const run = promisify(execFile);

const TRACKER_PORT = 8000;

/** Ours: the command, with a tracker of its own, where everybody finds the others. */
export class ShoalCrowd implements CrowdContender {
  readonly name = "Shoal";
  readonly isOurs = true;

  open(): Promise<string> {
    return Promise.resolve("Shoal");
  }

  async startSource({ share, source, tracker, folder }: Crowd): Promise<readonly MeasuredProcess[]> {
    const serving = shoalOn(tracker, ["tracker", String(TRACKER_PORT)], join(folder, "tracker"));
    await event(serving, "serving");
    const args = ["upload", join(share.folder, share.name), "--tracker", trackerUrl(tracker)];
    const seeding = shoalOn(source, [...args, "--listen", String(PEER_PORT)], join(folder, "source"));
    const { infoHash } = await event(seeding, "shared");
    if (infoHash !== share.infoHash) throw new Error(`Shoal shares ${infoHash} instead of ${share.infoHash}`);
    return [serving, seeding];
  }

  /** It runs, and waits for its `.torrent` file, which comes through a named pipe when it is to begin. */
  async startPeer({ share, tracker, folder }: Crowd, machine: Machine, into: string) {
    const pipe = join(into, "waits.torrent");
    await run("mkfifo", [pipe]);
    const getting = ["download", pipe, "-o", into, "--keep-seeding"];
    const args = [...getting, "--tracker", trackerUrl(tracker), "--listen", String(PEER_PORT)];
    const process = shoalOn(machine, args, join(folder, machine.address));
    // It can be opened for writing once somebody reads.
    const torrent = await open(pipe, "w");
    const bytes = await readFile(share.torrent);
    return () => {
      void torrent.writeFile(bytes).then(() => torrent.close());
      return { process, complete: event(process, "complete").then(() => undefined) };
    };
  }
}

function trackerUrl({ address }: Machine): string {
  return `ws://${address}:${TRACKER_PORT}/announce`;
}

function shoalOn(machine: Machine, args: readonly string[], data: string): MeasuredProcess {
  const [program = "", ...rest] = shoalCommand(args, data);
  return runOn(machine, program, rest);
}
