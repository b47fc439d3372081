import type { Connection } from "@shoal/peer-core/platform";
import { describeDialer, MemoryNetwork, seededRandom, VirtualClock } from "@shoal/peer-core/testing";

describeDialer("memory network", () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: seededRandom(3) });
  const dialling = network.host("dialling", { latencyMs: 10 });
  const accepted: Connection[] = [];
  for (const name of ["accepting", "refusing", "silent"]) {
    const host = network.host(name);
    host.listen(`mem://${name}`, (connection) => accepted.push(connection));
    if (name === "refusing") host.unlisten();
    if (name === "silent") host.crash();
  }
  return Promise.resolve({
    dialer: dialling.dialer,
    address: "mem://accepting",
    refusingAddress: "mem://refusing",
    silentAddress: "mem://silent",
    foreignAddresses: ["ws://127.0.0.1:80/peer", "tcp://127.0.0.1:6881"],
    accepted,
    settle: (promise) => clock.settle(promise),
    until: async (holds) => {
      if (!(await clock.runUntil(holds, 60_000))) throw new Error("It did not happen");
    },
    quiet: () => clock.advance(60_000),
    dispose: () => Promise.resolve(),
  });
});
