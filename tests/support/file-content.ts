import { createCipheriv, createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Writes a file of `bytes` bytes that look random and depend on `seed` alone, its folder if need be; resolves to their
 * SHA-1 in hexadecimal.
 */
export async function writeContent(path: string, bytes: number, seed: number): Promise<string> {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(seed);
  const stream = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
  const zeros = Buffer.alloc(CHUNK_BYTES);
  const hash = createHash("sha1");
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w");
  try {
    for (let at = 0; at < bytes; at += CHUNK_BYTES) {
      const chunk = stream.update(zeros.subarray(0, Math.min(CHUNK_BYTES, bytes - at)));
      hash.update(chunk);
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

/** SHA-1 of a file's bytes in hexadecimal: what two files have in common that are byte-identical. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha1");
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
