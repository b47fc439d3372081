import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isShoalError } from "@shoal/peer-core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TargetLock } from "./target-lock.js";

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "shoal-lock-"));
  path = join(directory, "lock");
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function isRefused(): Promise<boolean> {
  try {
    await (await TargetLock.take(path)).release();
    return false;
  } catch (error) {
    if (isShoalError(error, "exists")) return true;
    throw error;
  }
}

/** What a holder writes, with some of it changed. */
async function plant(change: Record<string, unknown>): Promise<void> {
  const lock = await TargetLock.take(path);
  const own = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await lock.release();
  await writeFile(path, JSON.stringify({ ...own, ...change }));
}

it("is held by one at a time and leaves nothing behind", async () => {
  const lock = await TargetLock.take(path);
  expect(await isRefused()).toBe(true);
  await lock.release();
  expect(await isRefused()).toBe(false);
  expect(await readdir(directory)).toEqual([]);
});

it("removes what a process left that was killed while it made a lock, and nothing of one that lives", async () => {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  await plant({ pid: child.pid });
  await rename(path, `${path}.00112233aabb`);
  await plant({});
  await rename(path, `${path}.ccddeeff4455`);
  const lock = await TargetLock.take(path);
  await lock.release();
  expect(await readdir(directory)).toEqual(["lock.ccddeeff4455"]);
});

it("is given to exactly one of many that come at once", async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => TargetLock.take(path)));
  const held = outcomes.filter((outcome) => outcome.status === "fulfilled");
  expect(held).toHaveLength(1);
  await held[0]?.value.release();
});

it("is taken over from a process that has ended, by exactly one of many", async () => {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  await plant({ pid: child.pid });
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => TargetLock.take(path)));
  const held = outcomes.filter((outcome) => outcome.status === "fulfilled");
  expect(held).toHaveLength(1);
  await held[0]?.value.release();
  expect(await readdir(directory)).toEqual([]);
});

it("is taken over when another process has the same id by now", async () => {
  await plant({ started: "1" });
  expect(await isRefused()).toBe(process.platform !== "linux");
});

it("is taken over after the machine was started anew", async () => {
  await plant({ world: "another-boot pid:[1]" });
  expect(await isRefused()).toBe(false);
});

it("of a machine that cannot be seen is respected until it has not moved for a minute", async () => {
  await plant({ world: "another-boot pid:[1]", host: "elsewhere" });
  expect(await isRefused()).toBe(true);
  const longAgo = new Date(Date.now() - 61_000);
  await utimes(path, longAgo, longAgo);
  expect(await isRefused()).toBe(false);
});

it("that is damaged is respected until it has not moved for a minute", async () => {
  for (const text of ["", "{}", "null", '{"pid":-1}', "\0\0\0"]) {
    await writeFile(path, text);
    expect(await isRefused()).toBe(true);
    const longAgo = new Date(Date.now() - 61_000);
    await utimes(path, longAgo, longAgo);
    expect(await isRefused()).toBe(false);
  }
});
