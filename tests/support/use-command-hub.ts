import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { killCommands, RunningCommand, runCommand, type CommandResult } from "./command.js";

/** A hub, a folder in which commands run, and trackers that are none. */
export interface CommandHub {
  readonly folder: string;
  readonly port: string;
  readonly tracker: string;
  /** Nobody listens there. */
  readonly deadTracker: string;
  /** What listens there knows nothing of trackers. */
  readonly babblingTracker: string;
  /** Runs a command to its end, at the hub unless told otherwise. */
  readonly run: (...args: string[]) => Promise<CommandResult>;
}

/** One hub for all commands of a file; to be called at its top. */
export function useCommandHub(onStarted: (started: CommandHub) => void): void {
  let folder = "";
  let hub: RunningCommand;
  let babbler: Server;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-cli-"));
    const started = await startCommandHub(join(folder, ".hub"));
    hub = started.hub;
    const { port, tracker } = started;
    babbler = createServer((_request, response) => response.end("<html>who is there?</html>"));
    const babblingTracker = `ws://localhost:${await listen(babbler)}/announce`;
    const gone = createServer();
    const deadTracker = `ws://localhost:${await listen(gone)}/announce`;
    gone.close();
    const run = async (...args: string[]): Promise<CommandResult> => {
      const env = { SHOAL_TRACKERS: tracker, SHOAL_DATA: join(folder, ".data") };
      const result = await runCommand(args, { cwd: folder, env });
      // Whatever goes wrong is told in a few lines, without a stack trace.
      expect(result.stderr).not.toMatch(/^\s+at /m);
      return result;
    };
    onStarted({ folder, port, tracker, deadTracker, babblingTracker, run });
  });

  afterAll(async () => {
    babbler.close();
    await hub.stop();
    await killCommands();
    await rm(folder, { recursive: true, force: true });
  });
}

/** Starts a hub on this machine that takes any number of announces, with its data in `data`; whoever calls it stops it. */
export async function startCommandHub(data: string): Promise<{ hub: RunningCommand; port: string; tracker: string }> {
  const place = ["--host", "127.0.0.1", "--port", "0", "--data", data];
  const hub = new RunningCommand(["serve", ...place, "--json", "--announce-rate", "0"]);
  const port = String((await hub.event("serving")).port);
  return { hub, port, tracker: `ws://localhost:${port}/announce` };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return (server.address() as AddressInfo).port;
}
