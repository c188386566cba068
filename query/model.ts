import { z } from "zod";

/** Every answer that is no success. */
export const errorBody = z
  .object({
    detail: z.union([
      z.string(),
      z.array(z.object({ loc: z.array(z.union([z.string(), z.number()])), msg: z.string(), type: z.string() })),
    ]),
  })
  .describe("What is wrong: a text, or each problem with its place.");
