import type { ExportRow } from "./table.ts";

/** One array, row by row. */
export async function* jsonOf(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<string> {
  let before = "[";
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield before + page.map((row) => JSON.stringify(row)).join(",");
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

/** A line a row. */
export async function* ndjsonOf(pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((row) => `${JSON.stringify(row)}\n`).join("");
}
