import type { Row } from "./store.ts";

/** Rows as columns of text, numbers to the right. */
export function tableOf(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => names.map((name) => String(row[name] ?? "")));
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i]!.length)));
  const isNumber = names.map((name) => rows.every((row) => /^-?[\d.]*$/.test(String(row[name] ?? ""))));
  const lineOf = (line: readonly string[]): string =>
    line.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join("  ");
  return [lineOf(names), widths.map((width) => "-".repeat(width)).join("  "), ...cells.map(lineOf)]
    .map((line) => line.trimEnd())
    .join("\n");
}

/** The spans of one trace, each under its parent, in the order given. */
export function treeOf(rows: readonly Row[]): string {
  const ids = new Set(rows.map((row) => row["SpanId"]));
  const childrenOf = (parent: Row["string"] | undefined): readonly Row[] =>
    rows.filter((row) => (parent === undefined ? !ids.has(row["ParentSpanId"]!) : row["ParentSpanId"] === parent));
  const linesOf = (row: Row, lead: string, isLast: boolean, isRoot: boolean): string[] => {
    const inner = isRoot ? "" : `${lead}${isLast ? "   " : "│  "}`;
    const children = childrenOf(row["SpanId"]);
    return [
      `${isRoot ? "" : `${lead}${isLast ? "└─ " : "├─ "}`}${labelOf(row)}`,
      ...children.flatMap((child, i) => linesOf(child, inner, i === children.length - 1, false)),
    ];
  };
  return childrenOf(undefined)
    .flatMap((root) => linesOf(root, "", true, true))
    .join("\n");
}

function labelOf(row: Row): string {
  const tokens = Number(row["output_tokens"]);
  return [
    `${row["SpanName"]}  ${Math.round(Number(row["ms"]))} ms`,
    ...(tokens > 0 ? [`${tokens} tokens`] : []),
    ...(Number(row["usd"]) > 0 ? [`$${Number(row["usd"]).toFixed(4)}`] : []),
    ...(row["StatusCode"] === "Error" ? ["ERROR"] : []),
  ].join("  ");
}

/** Shows how far something is: on one line of a terminal, or else as a line each time. */
export function progressLine(stream: NodeJS.WriteStream, total: number): (done: number) => void {
  return (done) => {
    const text = `sent ${done} of ${total} traces`;
    if (!stream.isTTY) stream.write(`${text}\n`);
    else stream.write(`\r${text}${done === total ? "\n" : ""}`);
  };
}
