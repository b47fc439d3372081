import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ClaimRecorder, type ClaimLog, type RecordedFiles } from "./claim-recorder.js";
import type { StateRecord } from "./state-record.js";

const broken = new Error("input/output error");

/** A log and files that write down what is asked of them, in order, and can be told to fail. */
class Scene {
  readonly trace: string[] = [];
  readonly stamped = new Set<number>();
  canAppend = true;
  canSyncFiles = true;
  canSyncLog = true;
  #count = 1;

  readonly log: ClaimLog;
  readonly files: RecordedFiles;

  constructor() {
    const count = () => this.#count;
    this.log = {
      get count() {
        return count();
      },
      append: (records) => this.#append(records),
      sync: () => this.#does("log synced", this.canSyncLog),
      close: () => this.#does("log closed"),
    };
    this.files = {
      stampOf: (file) =>
        Promise.resolve(this.stamped.has(file) ? { mtimeNs: 1n, ctimeNs: 2n, inode: BigInt(file) } : undefined),
      syncFile: (file) => this.#does(`file ${file} synced`, this.canSyncFiles),
      syncFolders: () => this.#does("folders synced"),
    };
  }

  /** What has happened since this was asked last. */
  happened(): string[] {
    return this.trace.splice(0);
  }

  async #append(records: readonly StateRecord[]): Promise<void> {
    await new Promise(setImmediate);
    await this.#does(records.map(drawn).join(" "), this.canAppend);
    this.#count += records.length;
  }

  #does(what: string, works = true): Promise<void> {
    this.trace.push(works ? what : `${what} failed`);
    return works ? Promise.resolve() : Promise.reject(broken);
  }
}

function drawn(record: StateRecord): string {
  switch (record.type) {
    case "have":
      return `have:${record.first}+${record.count}`;
    case "stamp":
      return `stamp:${record.file}`;
    case "synced":
      return `synced:${record.records}`;
    case "boot":
      return `boot:${record.bootId.join("")}`;
    default:
      return record.type;
  }
}

/** Everything that can happen by itself has happened; timers stand still. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

const anotherSystem = `boot:${"0".repeat(16)}`;

let scene: Scene;
let recorder: ClaimRecorder;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  scene = new Scene();
  recorder = new ClaimRecorder(scene.log, scene.files, []);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("claims", () => {
  it("are said to be on the disk when they are, folders and files and then the log", async () => {
    scene.stamped.add(1);
    recorder.claim(4, [0, 1]);
    await recorder.flush();
    expect(scene.happened()).toEqual([
      "have:4+1 stamp:1",
      "folders synced",
      "file 0 synced",
      "file 1 synced",
      "synced:3",
      "log synced",
      "log synced",
    ]);
  });

  it("are written down together when they come within a fiftieth of a second", async () => {
    recorder.claim(0, []);
    await settled();
    for (const piece of [2, 1]) recorder.claim(piece, []);
    vi.advanceTimersByTime(19);
    await settled();
    expect(scene.happened()).toEqual(["have:0+1"]);
    vi.advanceTimersByTime(1);
    await settled();
    expect(scene.happened()).toEqual(["have:1+2"]);
  });

  it("are written down at once when somebody waits for it, and together again afterwards", async () => {
    recorder.claim(0, []);
    await settled();
    recorder.claim(2, []);
    await recorder.recorded();
    expect(scene.happened()).toEqual(["have:0+1", "have:2+1"]);
    recorder.claim(4, []);
    await settled();
    recorder.claim(6, []);
    await settled();
    expect(scene.happened()).toEqual(["have:4+1"]);
    await recorder.recorded();
    expect(scene.happened()).toEqual(["have:6+1"]);
  });

  it("hold up no write while they are being written down", async () => {
    recorder.claim(0, []);
    await recorder.ready();
    expect(scene.happened()).toEqual([]);
    await recorder.recorded();
  });

  it("cost nothing when they are on the disk already", async () => {
    recorder.claim(0, [0]);
    await recorder.flush();
    scene.happened();
    await recorder.flush();
    expect(scene.happened()).toEqual(["log synced"]);
  });

  it("of earlier that may not be on the disk are brought there", async () => {
    recorder = new ClaimRecorder(scene.log, scene.files, [7]);
    await recorder.flush();
    expect(scene.happened().slice(0, 3)).toEqual(["folders synced", "file 7 synced", "synced:1"]);
  });
});

describe("claims that cannot be written down", () => {
  it("are tried again, with those that have come since, before the next write", async () => {
    scene.canAppend = false;
    scene.stamped.add(0);
    recorder.claim(0, [0]);
    recorder.claim(1, [0]);
    await settled();
    expect(scene.happened()).toEqual(["have:0+1 stamp:0 failed"]);
    await expect(recorder.recorded()).rejects.toBe(broken);
    await expect(recorder.ready()).rejects.toBe(broken);
    expect(scene.happened()).toEqual(["have:0+2 stamp:0 failed"]);
    scene.canAppend = true;
    await recorder.ready();
    expect(scene.happened()).toEqual(["have:0+2 stamp:0"]);
    await recorder.ready();
    expect(scene.happened()).toEqual([]);
  });

  it("do not keep the log from being closed", async () => {
    scene.canAppend = false;
    recorder.claim(0, [0]);
    await expect(recorder.close()).rejects.toBe(broken);
    expect(scene.happened().at(-1)).toBe("log closed");
    vi.advanceTimersByTime(10_000);
    await settled();
    expect(scene.happened()).toEqual([]);
  });
});

describe("a sync that fails", () => {
  it.each(["of a file", "of the log"])("%s is the last: what came before it and after is doubted", async (which) => {
    if (which === "of a file") scene.canSyncFiles = false;
    else scene.canSyncLog = false;
    recorder.claim(0, [0]);
    await expect(recorder.flush()).rejects.toBe(broken);
    expect(scene.happened().slice(-2)).toEqual([expect.stringContaining("failed"), anotherSystem]);
    scene.canSyncFiles = scene.canSyncLog = true;
    recorder.claim(1, [0]);
    await settled();
    vi.advanceTimersByTime(10_000);
    await settled();
    expect(scene.happened()).toEqual(["have:1+1"]);
    await expect(recorder.ready()).rejects.toBe(broken);
  });
});
