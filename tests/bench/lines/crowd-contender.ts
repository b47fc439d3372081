import type { Machine } from "../../support/net-namespace.js";
import type { Share } from "../contenders/contender.js";
import { MeasuredProcess } from "../process/measured-process.js";

/** Where everybody listens for peers, each on a machine of their own. */
export const PEER_PORT = 6881;

/** Who takes part in one run. */
export interface Crowd {
  readonly share: Share;
  readonly source: Machine;
  readonly peers: readonly Machine[];
  /** Not limited: for a tracker. */
  readonly tracker: Machine;
  /** For whatever is to be kept during the run. */
  readonly folder: string;
}

/** A peer that runs, or is about to be started, and has not yet been told to get the share. */
export interface CrowdPeer {
  readonly process: MeasuredProcess;
  /** Resolves when it says that everything is verified and in its file. */
  readonly complete: Promise<void>;
}

/** A program of which a crowd gets a share from one source, on lines that are limited. */
export interface CrowdContender {
  /** In the table. */
  readonly name: string;
  readonly isOurs: boolean;
  /** Makes ready what is needed once; resolves with its version. */
  open(): Promise<string>;
  /** Starts the source, and whatever tracker it needs; resolves when it has the share, has checked it, and listens. */
  startSource(crowd: Crowd): Promise<readonly MeasuredProcess[]>;
  /** Starts a peer as far as it goes without the share; `begin` makes it get the share as `into`/NAME, and stay. */
  startPeer(crowd: Crowd, machine: Machine, into: string): Promise<() => CrowdPeer>;
}

/** Starts a program on a machine. */
export function runOn(machine: Machine, command: string, args: readonly string[]): MeasuredProcess {
  const [program = "", ...before] = machine.under;
  return new MeasuredProcess(program, [...before, command, ...args]);
}
