import { z } from "zod";
import type { Problem } from "./errors.ts";

const problem = z
  .object({
    loc: z.array(z.union([z.string(), z.int()])).describe("Where: body, query or path, then names and positions."),
    msg: z.string().describe("What is wrong, for people."),
    type: z.string().describe("What is wrong, for programs."),
  })
  .meta({ id: "Problem" }) satisfies z.ZodType<Problem>;

/** The body of every answer that is an `ApiError`; some have members beside `detail`. */
export const errorBody = z
  .looseObject({
    detail: z.union([z.string(), z.array(problem)]).describe("What is wrong, as text or problem by problem."),
  })
  .meta({ id: "Error" });
