import {
  describeConnection,
  MemoryNetwork,
  seededRandom,
  VirtualClock,
  type ConnectionPair,
  type MemoryHostOptions,
} from "@shoal/peer-core/testing";
import type { Connection } from "@shoal/peer-core/platform";

async function memoryPair(options: MemoryHostOptions & { cut?: boolean }): Promise<ConnectionPair> {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: seededRandom(11), cut: options.cut });
  const [dialler, listener] = [network.host("a", options), network.host("b", options)];
  const accepted = new Promise<Connection>((resolve) => listener.listen("mem://b", resolve));
  const a = await clock.settle(dialler.dialer.dial("mem://b", new AbortController().signal));
  return {
    a,
    b: await accepted,
    until: async (holds) => {
      if (!(await clock.runUntil(holds, 600_000))) throw new Error("It did not happen");
    },
    quiet: () => clock.advance(60_000),
    cut: () => dialler.loseLinks(),
    dispose: () => Promise.resolve(),
  };
}

describeConnection("memory network without limits", () => memoryPair({}));
describeConnection("memory network, streams cut at random", () => memoryPair({ cut: true, latencyMs: 15 }));
describeConnection("memory network, fast and lossy", () =>
  memoryPair({ upBytesPerSecond: 20e6, downBytesPerSecond: 10e6, latencyMs: 15, loss: 0.02 }),
);
