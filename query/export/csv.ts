import type { ExportRow, ExportTable } from "./table.ts";

const lineEnd = "\r\n";

/** Lines of RFC 4180 with a header. */
export async function* csvOf(table: ExportTable, pages: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<string> {
  yield table.columns.map(({ name }) => cell(name)).join(",") + lineEnd;
  for await (const page of pages) {
    yield page.map((row) => table.columns.map(({ name }) => cellOf(row[name])).join(",") + lineEnd).join("");
  }
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return cell(inert(typeof value === "string" ? value : JSON.stringify(value)));
}

/** A text of a sender may not become a formula of whoever opens the file in a spreadsheet: it gets an apostrophe before it. */
function inert(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
