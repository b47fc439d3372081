/** What a new link holds: enough for the HTTP answer and for short frames. */
const SMALL_BYTES = 16 * 1024;
/** Read ahead of a frame that is expected to be long: the longest header, and hardly anything of its payload. */
const PEEK_BYTES = 14;
/** From here on a frame is long: worth being read by itself. */
const LONG_FRAME_BYTES = 64 * 1024;
/** Longer ones are refused by `ws`, so they need no buffer. */
const MAX_FRAME_BYTES = 2 * 1024 * 1024 + PEEK_BYTES;
/**
 * Where a frame begins in its buffer: behind the header of a long frame (10 bytes) and that of a block (13) its bytes then
 * lie at a multiple of 8, as they do in their piece, and are copied there in one go (see `copyBytes`).
 */
const FRAME_AT = 1;
/** After so many short frames in a row a large buffer is let go. */
const SHORT_FRAMES = 64;

const END_OF_HEAD = Buffer.from("\r\n\r\n", "latin1");

/** Takes what was read, in order; true when it still needs `chunk` after the call. */
export type PushChunk = (chunk: Buffer) => boolean;

interface Frame {
  readonly bytes: number;
  /** A whole message by itself: its payload is not needed any more once it has been taken. */
  readonly isWhole: boolean;
}

/**
 * Cuts what a WebSocket server sends so that `ws` need not put it together again: each long frame is one chunk, out of one
 * buffer for all. From Node's own 64 KiB chunks `ws` makes each payload anew;
 * at hundreds of MiB/s that, and the garbage it leaves, cost more than all else in the process.
 *
 * It looks at nothing but lengths, and passes every byte on, whatever comes.
 */
export class FrameReader {
  readonly #push: PushChunk;
  #buffer = Buffer.allocUnsafeSlow(SMALL_BYTES);
  /** What has been read and not passed on lies between `#start` and `#end`. */
  #start = FRAME_AT;
  #end = FRAME_AT;
  #isHeadOver = false;
  #expectsLong = false;
  #shortInARow = 0;

  constructor(push: PushChunk) {
    this.#push = push;
  }

  /** Where the next bytes are to be read to. */
  room(): Buffer {
    const held = this.#end - this.#start;
    const frame = this.#frame();
    // Of a long frame no byte more than its own: the next one then begins where a buffer begins.
    const isAimed = frame !== undefined && frame.bytes > this.#buffer.length - this.#start;
    if (isAimed || this.#expectsLong) {
      const wanted = Math.max(held + 1, frame?.bytes ?? PEEK_BYTES);
      this.#reserve(wanted);
      return this.#buffer.subarray(this.#end, this.#start + wanted);
    }
    this.#reserve(held + PEEK_BYTES);
    return this.#buffer.subarray(this.#end);
  }

  /** `length` bytes have been read to where `room` said. */
  onRead(length: number): void {
    this.#end += length;
    if (!this.#isHeadOver) this.#passHead();
    if (!this.#isHeadOver) return;
    for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) {
      if (frame.bytes > MAX_FRAME_BYTES) return this.#passAll();
      if (this.#end - this.#start < frame.bytes) return;
      this.#pass(frame);
    }
  }

  /** The HTTP answer is passed on as it comes. */
  #passHead(): void {
    const read = this.#buffer.subarray(this.#start, this.#end);
    const at = read.indexOf(END_OF_HEAD);
    this.#isHeadOver = at >= 0;
    // The last bytes may be the beginning of the end: they wait for the next read.
    const passed = this.#isHeadOver ? at + END_OF_HEAD.length : Math.max(0, read.length - END_OF_HEAD.length + 1);
    this.#passCopy(passed);
  }

  /** The frame that begins at `#start`; undefined while its header has not come whole. */
  #frame(): Frame | undefined {
    const held = this.#end - this.#start;
    if (!this.#isHeadOver || held < 2) return undefined;
    const first = this.#buffer.readUInt8(this.#start);
    const second = this.#buffer.readUInt8(this.#start + 1);
    const short = second & 0x7f;
    const headerBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (held < headerBytes) return undefined;
    const payloadBytes =
      short === 127
        ? Number(this.#buffer.readBigUInt64BE(this.#start + 2))
        : short === 126
          ? this.#buffer.readUInt16BE(this.#start + 2)
          : short;
    // FIN and "binary": neither a part of a message nor a control frame, whose payload is sent back.
    return { bytes: headerBytes + payloadBytes, isWhole: first === 0x82 };
  }

  #pass({ bytes, isWhole }: Frame): void {
    this.#expectsLong = bytes >= LONG_FRAME_BYTES;
    this.#shortInARow = this.#expectsLong ? 0 : this.#shortInARow + 1;
    if (!this.#expectsLong || !isWhole) {
      this.#passCopy(bytes);
    } else {
      const whole = this.#buffer.subarray(this.#start, this.#start + bytes);
      this.#start += bytes;
      // What is still needed keeps its memory, and what comes next gets another.
      if (this.#push(whole)) this.#moveTo(SMALL_BYTES);
    }
    if (this.#start === this.#end) this.#start = this.#end = FRAME_AT;
    if (this.#shortInARow >= SHORT_FRAMES && this.#buffer.length > SMALL_BYTES) this.#moveTo(SMALL_BYTES);
  }

  #passCopy(bytes: number): void {
    if (bytes === 0) return;
    const copy = Buffer.from(this.#buffer.subarray(this.#start, this.#start + bytes));
    this.#start += bytes;
    this.#push(copy);
  }

  /** What no peer sends: `ws` is to say what is wrong with it. */
  #passAll(): void {
    this.#passCopy(this.#end - this.#start);
    this.#start = this.#end = FRAME_AT;
  }

  /** Sees to it that `wanted` bytes from `#start` on have room. */
  #reserve(wanted: number): void {
    if (this.#start + wanted <= this.#buffer.length) return;
    if (FRAME_AT + wanted > this.#buffer.length) this.#moveTo(wanted);
    else this.#toFront();
  }

  #moveTo(bytes: number): void {
    const moved = Buffer.allocUnsafeSlow(FRAME_AT + Math.max(bytes, this.#end - this.#start));
    this.#buffer.copy(moved, FRAME_AT, this.#start, this.#end);
    this.#end -= this.#start - FRAME_AT;
    this.#start = FRAME_AT;
    this.#buffer = moved;
  }

  #toFront(): void {
    this.#buffer.copyWithin(FRAME_AT, this.#start, this.#end);
    this.#end -= this.#start - FRAME_AT;
    this.#start = FRAME_AT;
  }
}
