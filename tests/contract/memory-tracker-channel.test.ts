import { describeTrackerChannel, MemoryTracker, seededRandom, VirtualClock } from "@shoal/peer-core/testing";

describeTrackerChannel("memory tracker", () => {
  const clock = new VirtualClock();
  const tracker = new MemoryTracker({ clock, random: seededRandom(1) });
  const unreachable = new MemoryTracker({ clock, random: seededRandom(2) });
  unreachable.setUp(false);
  let lines = 0;
  return Promise.resolve({
    open: () => tracker.channel(`peer ${++lines}`),
    openUnreachable: () => unreachable.channel(`peer ${++lines}`),
    endpoints: ["mem://a", "mem://b"],
    loseLines: () => tracker.loseLines(),
    settle: (promise) => clock.settle(promise),
    until: async (holds) => {
      if (!(await clock.runUntil(holds, 60_000))) throw new Error("It did not happen");
    },
    quiet: () => clock.advance(1000),
    dispose: () => Promise.resolve(),
  });
});
