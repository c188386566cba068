/** Of one error message, which people read. */
const maxLines = 20;
const maxLineChars = 2_000;

/** Splits what a process prints into lines, and keeps the last of them for error messages. Bounded in both. */
export class OutputTail {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;
  #partial = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: string): void {
    const lines = (this.#partial + chunk).split("\n");
    this.#partial = lines.pop()!.slice(0, maxLineChars);
    for (const line of lines) this.#add(line.trim().slice(0, maxLineChars));
  }

  /** The last lines, oldest first. */
  get text(): string {
    return [...this.#lines, this.#partial.trim()].filter((line) => line !== "").join("\n");
  }

  #add(line: string): void {
    if (line === "") return;
    this.#lines.push(line);
    if (this.#lines.length > maxLines) this.#lines.shift();
    this.#onLine(line);
  }
}
