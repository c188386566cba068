const quote = 0x22;
const backslash = 0x5c;

/**
 * Whether lists and objects of a JSON text lie at most `max` deep in each other. Texts between quotes are passed over whole,
 * so that an image in base64 costs next to nothing.
 */
export function isWithinDepth(json: Buffer, max: number): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === quote) {
      i = endOfText(json, i + 1);
      if (i < 0) return true;
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > max) return false;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return true;
}

/** Where the quote that ends a text stands; -1 where there is none. */
function endOfText(json: Buffer, from: number): number {
  let end = json.indexOf(quote, from);
  while (end >= 0 && isEscaped(json, end, from)) end = json.indexOf(quote, end + 1);
  return end;
}

function isEscaped(json: Buffer, at: number, from: number): boolean {
  let slashes = 0;
  while (at - slashes - 1 >= from && json[at - slashes - 1] === backslash) slashes++;
  return slashes % 2 === 1;
}
