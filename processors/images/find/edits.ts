/** A part of a text that becomes another. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string | Uint8Array;
}

/** The text between two positions with the edits applied, which do not overlap. */
export function applyEdits(text: Buffer, start: number, end: number, edits: readonly Edit[]): Buffer {
  const pieces: Uint8Array[] = [];
  let from = start;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.subarray(from, edit.start), typeof edit.text === "string" ? Buffer.from(edit.text) : edit.text);
    from = edit.end;
  }
  pieces.push(text.subarray(from, end));
  return Buffer.concat(pieces);
}
