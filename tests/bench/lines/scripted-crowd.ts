import type { Machine } from "../../support/net-namespace.js";
import { complete, readyPort, scriptCommand, type PeerPlan } from "../contenders/scripted-peer.js";
import type { MeasuredProcess } from "../process/measured-process.js";
import { PEER_PORT, runOn, type Crowd, type CrowdContender } from "./crowd-contender.js";

/** A library with a script around it. */
export interface ScriptedProgram {
  readonly name: string;
  /** Resolves with the command that runs its script, which takes a `PeerPlan`, and its version. */
  readonly open: () => Promise<{ readonly command: readonly string[]; readonly version: string }>;
}

/** Peers that are told the address of everybody. */
export class ScriptedCrowd implements CrowdContender {
  readonly name: string;
  readonly isOurs = false;
  readonly #program: ScriptedProgram;
  #command: readonly string[] = [];

  constructor(program: ScriptedProgram) {
    this.name = program.name;
    this.#program = program;
  }

  async open(): Promise<string> {
    const { command, version } = await this.#program.open();
    this.#command = command;
    return version;
  }

  async startSource({ share, source }: Crowd): Promise<readonly MeasuredProcess[]> {
    const process = this.#start(source, { seeds: [{ torrent: share.torrent, folder: share.folder }] });
    await readyPort(process);
    return [process];
  }

  async startPeer({ share, source, peers }: Crowd, machine: Machine, into: string) {
    const process = this.#start(machine, { gets: [{ torrent: share.torrent, folder: into }], stays: true });
    await readyPort(process);
    const others = [source, ...peers].filter((each) => each !== machine);
    return () => {
      process.write(JSON.stringify(others.map(({ address }) => `${address}:${PEER_PORT}`)));
      return { process, complete: complete(process) };
    };
  }

  #start(machine: Machine, plan: Partial<PeerPlan>): MeasuredProcess {
    const [program = "", ...args] = scriptCommand(this.#command, { ...plan, listen: `0.0.0.0:${PEER_PORT}` });
    return runOn(machine, program, args);
  }
}
