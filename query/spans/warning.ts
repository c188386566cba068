import { z } from "zod";

export const spanWarning = z.object({
  code: z.string(),
  index: z.int().optional().describe("Which image of the span it is about, from 0."),
  message: z.string(),
});
export type SpanWarning = z.output<typeof spanWarning>;

/** An entry of `Warnings` as the API says it: processors write `code: message`, and of an image `code: image <n>: message`. */
export function warningOf(text: string): SpanWarning {
  const found = /^([a-z0-9_]+): (?:image (\d+): )?/.exec(text);
  if (found === null) return { code: "warning", message: text };
  const [head, code = "", index] = found;
  const message = text.slice(head.length);
  return index === undefined ? { code, message } : { code, index: Number(index), message };
}
