/**
 * Runs before a program, in Node (`--import`) or at the top of a worker, and replaces its clock and timers by ones whose
 * speed can be changed while it runs: SIGUSR2 (or the signal named in SWIFT_CLOCK_SIGNAL) tells Node to hurry or to stop hurrying, a message on the BroadcastChannel
 * "swift-clock" tells workers their speed, and they answer with their time in milliseconds. What takes minutes of waiting
 * takes seconds then, and is the program's own waiting. Timers inside of Node or of the browser are not changed.
 */
const HURRY = 30;

const real = {
  setTimeout: globalThis.setTimeout.bind(globalThis),
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
  now: performance.now.bind(performance),
};
const unixAtStart = Date.now() - real.now();
const pending = new Set();
let speed = 1;
let since = { real: real.now(), ours: real.now() };

const now = () => since.ours + (real.now() - since.real) * speed;

class SwiftTimer {
  constructor(run, delayMs = 0, every = false) {
    this.run = run;
    this.everyMs = every ? Math.max(1, delayMs) : undefined;
    this.delayMs = Math.max(1, delayMs);
    this.isRef = true;
    this.start();
  }

  start() {
    pending.add(this);
    this.dueAt = now() + this.delayMs;
    this.arm();
  }

  arm() {
    real.clearTimeout(this.handle);
    this.handle = real.setTimeout(() => this.fire(), Math.max(0, (this.dueAt - now()) / speed));
    if (!this.isRef) this.handle.unref();
  }

  fire() {
    pending.delete(this);
    if (this.everyMs !== undefined) this.start();
    this.run();
  }

  cancel() {
    pending.delete(this);
    real.clearTimeout(this.handle);
  }

  ref() {
    this.isRef = true;
    this.handle.ref();
    return this;
  }

  unref() {
    this.isRef = false;
    this.handle.unref();
    return this;
  }

  hasRef() {
    return this.isRef;
  }

  refresh() {
    if (pending.has(this)) this.start();
    return this;
  }
}

function setSpeed(next) {
  since = { real: real.now(), ours: now() };
  speed = next;
  for (const timer of pending) timer.arm();
}

/** What is no timer of ours is one from before, or of the platform's own. */
function cancel(timer) {
  if (timer instanceof SwiftTimer) timer.cancel();
  else real.clearTimeout(timer);
}

performance.now = now;
Date.now = () => Math.floor(unixAtStart + now());
globalThis.setTimeout = (run, delayMs, ...given) => new SwiftTimer(() => run(...given), delayMs);
globalThis.setInterval = (run, delayMs, ...given) => new SwiftTimer(() => run(...given), delayMs, true);
globalThis.clearTimeout = cancel;
globalThis.clearInterval = cancel;

if (typeof process === "undefined") {
  const channel = new BroadcastChannel("swift-clock");
  channel.onmessage = ({ data }) => {
    if (data.isHurrying !== undefined) setSpeed(data.isHurrying ? HURRY : 1);
    channel.postMessage({ now: now() });
  };
} else {
  process.on(process.env.SWIFT_CLOCK_SIGNAL ?? "SIGUSR2", () => setSpeed(speed === 1 ? HURRY : 1));
}
