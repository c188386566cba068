import { z } from "zod";

const problem = z.object({
  loc: z.array(z.union([z.string(), z.int()])).describe("Where, such as body, 0, trace_id."),
  msg: z.string().describe("For people."),
  type: z.string().describe("For programs."),
});

/** The body of every answer that is no success. */
export const errorBody = z
  .object({ detail: z.union([z.string(), z.array(problem)]).describe("What is wrong.") })
  .meta({ id: "Error" });
