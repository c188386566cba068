import type { Media } from "./sniff.ts";

/** Pixels; 0 where they cannot be read. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

const unknown: Dimensions = { width: 0, height: 0 };

/** Segments of a JPEG that are passed over, at most: a picture has a few dozen. */
const maxSegments = 4096;

/** Width and height as an image's header says; nothing is decoded. */
export function readDimensions(bytes: Uint8Array, media: Media): Dimensions {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (media.type) {
    case "image/png":
      return bytes.length < 24 ? unknown : { width: view.getUint32(16), height: view.getUint32(20) };
    case "image/gif":
      return bytes.length < 10 ? unknown : { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    case "image/jpeg":
      return jpegDimensions(view);
    case "image/webp":
      return webpDimensions(view);
    default:
      return unknown;
  }
}

/** Walks the segments to the start of a frame (SOF0 to SOF15 but DHT, JPG and DAC). */
function jpegDimensions(view: DataView): Dimensions {
  let at = 2;
  for (let segment = 0; segment < maxSegments && at + 9 <= view.byteLength; segment++) {
    if (view.getUint8(at) !== 0xff) return unknown;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      // A fill byte.
      at += 1;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    const isAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += isAlone ? 2 : 2 + view.getUint16(at + 2);
  }
  return unknown;
}

/** @see https://developers.google.com/speed/webp/docs/riff_container */
function webpDimensions(view: DataView): Dimensions {
  if (view.byteLength < 30) return losslessDimensions(view);
  const threeBytes = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (view.getUint8(15)) {
    case 0x58: // VP8X
      return { width: threeBytes(24) + 1, height: threeBytes(27) + 1 };
    case 0x20: // VP8 followed by a space
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    default:
      return losslessDimensions(view);
  }
}

function losslessDimensions(view: DataView): Dimensions {
  if (view.byteLength < 25 || view.getUint8(15) !== 0x4c) return unknown;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
