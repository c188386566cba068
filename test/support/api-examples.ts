import { readFile } from "node:fs/promises";

/** A command of a documentation page, and the JSON that the page says it prints. */
export interface Example {
  readonly script: string;
  readonly answer: unknown;
  /** Of the command in the page, from 1. */
  readonly line: number;
}

const fence = /^```(\w+)\n([\s\S]*?)^```$/gm;

/** The blocks marked `bash`, in order, each with the `json` block that follows it. Other blocks are not run. */
export async function examplesIn(path: string): Promise<readonly Example[]> {
  const text = await readFile(path, "utf8");
  const blocks = [...text.matchAll(fence)].map(({ 1: language, 2: body, index }) => ({ language, body: body!, index }));
  return blocks.flatMap(({ language, body, index }, at) => {
    if (language !== "bash") return [];
    const next = blocks[at + 1];
    const answer: unknown = next?.language === "json" ? JSON.parse(next.body) : undefined;
    return [{ script: body, answer, line: text.slice(0, index).split("\n").length }];
  });
}

/** Whether `actual` has all that `shown` has. The text `...` stands for anything. */
export function isLike(actual: unknown, shown: unknown): boolean {
  if (shown === "...") return actual !== undefined;
  if (typeof shown !== "object" || shown === null) return Object.is(actual, shown);
  if (typeof actual !== "object" || actual === null || Array.isArray(actual) !== Array.isArray(shown)) return false;
  if (Array.isArray(shown) && (actual as unknown[]).length < shown.length) return false;
  return Object.entries(shown).every(([key, value]) => isLike((actual as Record<string, unknown>)[key], value));
}
