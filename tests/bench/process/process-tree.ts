import { readdirSync } from "node:fs";
import { cpuSeconds, parentOf, privateMemory, residentAnonymousBytes } from "./proc-fs.js";

/** A process and all that have come of it and still run. */
export function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const pid of readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** CPU seconds of a process and all that have come of it and still run. */
export function treeCpuSeconds(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0);
}

/** Private memory of a process and all that have come of it and still run, in bytes. */
export function treePrivateBytes(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + (privateMemory(pid)?.privateBytes ?? 0), 0);
}

/** Anonymous memory of a process and all that have come of it and still run, in bytes: what is quick to look at. */
export function treeAnonymousBytes(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + (residentAnonymousBytes(pid) ?? 0), 0);
}
