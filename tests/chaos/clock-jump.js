/**
 * Runs before a program (`--import`) and moves its wall clock on SIGUSR2, as an administrator or a time server does: to
 * tomorrow, to the day before yesterday, to next year, and back. What measures time spans (`performance.now`, timers) goes
 * on as it does when a real clock is set.
 */
const HOUR_MS = 3_600_000;
const OFFSETS_MS = [24 * HOUR_MS, -48 * HOUR_MS, 365 * 24 * HOUR_MS, 0];

const RealDate = Date;
const realNow = Date.now.bind(Date);
let jumps = 0;
let offsetMs = 0;

const now = () => realNow() + offsetMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, as) => Reflect.construct(target, given.length === 0 ? [now()] : given, as),
  apply: () => new RealDate(now()).toString(),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});

process.on("SIGUSR2", () => {
  offsetMs = OFFSETS_MS[jumps++ % OFFSETS_MS.length];
});
