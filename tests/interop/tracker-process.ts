/** Run by a test in a process of its own, to be killed: a tracker with a data folder, whose port it prints. */
import { startTracker } from "@shoal/tracker";

const { port } = await startTracker({ host: "127.0.0.1", port: 0, dataDir: process.argv[2] });
process.stdout.write(`${port}\n`);
