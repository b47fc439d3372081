import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EngineCommand, EngineEvent } from "./messages.js";
import { PatientWorker, type EngineThread } from "./patient-worker.js";

/** A worker that does what the test says. */
class Thread implements EngineThread {
  onmessage: EngineThread["onmessage"] = null;
  onmessageerror: EngineThread["onmessageerror"] = null;
  onerror: EngineThread["onerror"] = null;
  readonly heard: EngineCommand[] = [];
  isOver = false;

  postMessage(command: EngineCommand): void {
    this.heard.push(command);
  }

  terminate(): void {
    this.isOver = true;
  }

  say(event: EngineEvent): void {
    this.onmessage?.({ data: event } as MessageEvent<EngineEvent>);
  }

  /** As browsers tell of a script that they could not fetch: without a message. */
  fail(message?: string): void {
    this.onerror?.({ message } as ErrorEvent);
  }
}

const START: EngineCommand = { type: "start", base: "http://hub/" };
const RESUME: EngineCommand = { type: "pause", infoHash: "a".repeat(40) };
const BROKEN: EngineEvent = { type: "broken", message: "no database" };

function open() {
  const threads: Thread[] = [];
  const events: EngineEvent[] = [];
  const start = () => {
    const thread = new Thread();
    threads.push(thread);
    return thread;
  };
  const worker = new PatientWorker(start, (event) => events.push(event));
  return { worker, threads, events };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("PatientWorker", () => {
  it("asks again for a script that did not come, and says again what was to be done", () => {
    const { worker, threads, events } = open();
    worker.post(START);
    worker.post(RESUME);
    threads[0]?.fail();
    expect(threads[0]?.isOver).toBe(true);
    vi.advanceTimersByTime(500);
    expect(threads).toHaveLength(2);
    expect(threads[1]?.heard).toEqual([START, RESUME]);
    threads[1]?.say(BROKEN);
    expect(events).toEqual([BROKEN]);
  });

  it("tells of it when that does not help, and goes on", () => {
    const { worker, threads, events } = open();
    worker.post(START);
    threads[0]?.fail();
    vi.advanceTimersByTime(500);
    threads[1]?.fail();
    expect(events).toEqual([]);
    vi.advanceTimersByTime(2_000);
    threads[2]?.fail();
    expect(events).toEqual([{ type: "not-loaded" }]);
    vi.advanceTimersByTime(5_000);
    threads[3]?.fail();
    vi.advanceTimersByTime(4_999);
    expect(threads).toHaveLength(4);
    vi.advanceTimersByTime(1);
    expect(threads[4]?.heard).toEqual([START]);
  });

  it("takes what is asked for in between along, once", () => {
    const { worker, threads } = open();
    worker.post(START);
    threads[0]?.fail();
    worker.post(RESUME);
    vi.advanceTimersByTime(500);
    expect(threads[1]?.heard).toEqual([START, RESUME]);
  });

  it("does not start a script anew that was run", () => {
    const { threads, events } = open();
    threads[0]?.fail("SyntaxError: no modules here");
    vi.advanceTimersByTime(60_000);
    expect(threads).toHaveLength(1);
    expect(events).toEqual([{ type: "broken", message: "SyntaxError: no modules here" }]);
  });

  it("does not start one anew that had begun its work", () => {
    const { worker, threads, events } = open();
    threads[0]?.say(BROKEN);
    worker.post(RESUME);
    threads[0]?.fail();
    vi.advanceTimersByTime(60_000);
    expect(threads).toHaveLength(1);
    expect(events[1]).toEqual({ type: "broken", message: "The engine ended" });
  });

  it("starts nothing after it was closed", () => {
    const { worker, threads } = open();
    threads[0]?.fail();
    worker.close();
    vi.advanceTimersByTime(60_000);
    expect(threads).toHaveLength(1);
  });
});
