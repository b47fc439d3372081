import { open, stat, utimes } from "node:fs/promises";

/** Flips a bit at each offset of a file as a failing disk does, for tests: neither its size nor its time tells. */
export async function rot(path: string, ...offsets: number[]): Promise<void> {
  const { atime, mtime } = await stat(path);
  const file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  for (const at of offsets) {
    await file.read(byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8() ^ 1);
    await file.write(byte, 0, 1, at);
  }
  await file.close();
  await utimes(path, atime, mtime);
}
