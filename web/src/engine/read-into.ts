/**
 * Those that wait for bytes. Chromium collects a stream that only its own pending read refers to, and the read is never
 * answered then (seen in its version 156: about once in a thousand reads of 4 MiB).
 */
const waiting = new Set<ReadableStreamBYOBReader>();

/**
 * Reads a Blob into `buffer`, which has room for it and belongs to this call until it settles; resolves to the bytes,
 * whose own buffer is to be used from then on: memory is moved, not copied. Where the browser cannot do that it is a new
 * one. Rejects as the Blob's `arrayBuffer` does.
 */
export async function readInto(blob: Blob, buffer: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await stream(blob, buffer);
  } catch {
    // A stream says of every failure the same, and some browsers' do not read into memory of others' choice.
    return new Uint8Array(await blob.arrayBuffer());
  }
}

async function stream(blob: Blob, buffer: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> {
  const reader = blob.stream().getReader({ mode: "byob" });
  waiting.add(reader);
  try {
    return await fill(reader, buffer, blob.size);
  } finally {
    waiting.delete(reader);
  }
}

async function fill(
  reader: ReadableStreamBYOBReader,
  buffer: ArrayBuffer,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let own = buffer;
  for (let filled = 0; filled < size;) {
    const { value } = await reader.read(new Uint8Array(own, filled, size - filled));
    if (value === undefined || value.length === 0) throw new Error(`The stream ended after ${filled} bytes`);
    own = value.buffer;
    filled += value.length;
  }
  return new Uint8Array(own, 0, size);
}
