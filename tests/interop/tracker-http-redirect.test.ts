import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { canMakeNetworks } from "../support/namespace.js";
import { TestNetwork } from "../support/net-namespace.js";

const run = promisify(execFile);
const PEER = fileURLToPath(new URL("tracker-http-redirect-peer.ts", import.meta.url));
/** Of a block for documents, which is nobody's and not private. */
const PUBLIC = "203.0.113.5";

it.skipIf(!canMakeNetworks)("a public tracker cannot redirect to this machine (needs network namespaces)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shoal-redirect-"));
  const network = await TestNetwork.open(join(folder, "socket"));
  try {
    const [program = "", ...under] = network.first.under;
    await run(program, [...under, "ip", "addr", "add", `${PUBLIC}/32`, "dev", "lo"]);
    const node = [process.execPath, "--conditions=source", "--import", "tsx", PEER, PUBLIC];
    const { stdout } = await run(program, [...under, ...node]);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^\/announce-home: .* leads to this machine or its network/),
      expect.stringMatching(/^\/announce-localhost: .* leads to this machine or its network/),
      `/announce-there: interval 77, ${PUBLIC}`,
      "private requests: 0",
      "",
    ]);
  } finally {
    await network.close();
    await rm(folder, { recursive: true, force: true });
  }
});
