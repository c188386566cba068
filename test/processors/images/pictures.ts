import { createHash } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A PNG that viewers open, grey, `shade` bright; `announced` replaces the size in its header. */
export function png(
  width = 4,
  height = 3,
  shade = 128,
  announced: readonly [number, number] = [width, height],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(announced[0], 0);
  header.writeUInt32BE(announced[1], 4);
  header[8] = 8;
  const rows = Buffer.alloc((width + 1) * height, shade);
  for (let row = 0; row < height; row++) rows[row * (width + 1)] = 0;
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The markers of a JPEG with the size in its frame header, and no picture worth the name. */
export function jpeg(width = 5, height = 6): Buffer {
  const frame = Buffer.from("ffc0000b08000000000101110000", "hex");
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([
    Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex"),
    Buffer.from("ffdb0043", "hex"),
    Buffer.alloc(65, 16),
    frame.subarray(0, 13),
    Buffer.from("ffda0008010100003f00", "hex"),
    // Bytes that are slashes and pluses in base64.
    Buffer.from("fffefbffbffeffefbeff".repeat(6), "hex"),
    Buffer.from("ffd9", "hex"),
  ]);
}

/** The smallest kind of GIF: one colour. */
export function gif(width = 1, height = 1): Buffer {
  const bytes = Buffer.from(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b",
    "hex",
  );
  bytes.writeUInt16LE(width, 6);
  bytes.writeUInt16LE(height, 8);
  return bytes;
}

/** A lossless WebP: header, and a picture of zeros. */
export function webp(width = 7, height = 8): Buffer {
  const payload = Buffer.alloc(20);
  payload[0] = 0x2f;
  payload.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0, 1);
  return riff("WEBP", "VP8L", payload);
}

/** A lossy WebP: the header of a key frame. */
export function lossyWebp(width = 9, height = 10): Buffer {
  const payload = Buffer.alloc(24);
  payload.set([0x10, 0x00, 0x00, 0x9d, 0x01, 0x2a]);
  payload.writeUInt16LE(width, 6);
  payload.writeUInt16LE(height, 8);
  return riff("WEBP", "VP8 ", payload);
}

/** An extended WebP: the header with the size of the canvas. */
export function extendedWebp(width = 11, height = 12): Buffer {
  const payload = Buffer.alloc(10);
  payload.writeUIntLE(width - 1, 4, 3);
  payload.writeUIntLE(height - 1, 7, 3);
  return riff("WEBP", "VP8X", payload);
}

export function wav(): Buffer {
  return riff("WAVE", "fmt ", Buffer.alloc(64, 1));
}

export function pdf(): Buffer {
  return Buffer.from(`%PDF-1.7\n${"1 0 obj << >> endobj\n".repeat(5)}%%EOF`);
}

function riff(form: string, type: string, payload: Buffer): Buffer {
  const sized = (name: string, body: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    return Buffer.concat([Buffer.from(name), length, body]);
  };
  return sized("RIFF", Buffer.concat([Buffer.from(form), sized(type, payload)]));
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** What stands in a span in place of an image. */
export const refOf = (bytes: Uint8Array): string => `attachment://${sha256(bytes)}`;

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Base64 in lines of 76 characters, as MIME has it. */
export const wrapped = (bytes: Uint8Array, ending = "\n", width = 76): string =>
  base64(bytes)
    .match(new RegExp(`.{1,${width}}`, "g"))!
    .join(ending);

/** What Python prints for bytes. */
export function pythonBytes(bytes: Uint8Array): string {
  const named: Record<number, string> = { 9: "\\t", 10: "\\n", 13: "\\r", 39: "\\'", 92: "\\\\" };
  const character = (byte: number): string =>
    named[byte] ??
    (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`);
  return `b'${Array.from(bytes, character).join("")}'`;
}
