import { z } from "zod";

const problemSchema = z.object({
  loc: z.array(z.union([z.string(), z.int()])).describe("Where in the request it is."),
  msg: z.string().describe("What is wrong, for people."),
  type: z.string().describe("What is wrong, for programs."),
});

/** The body of every answer that is an error. */
export const errorBody = z.looseObject({
  detail: z.union([z.string(), z.array(problemSchema)]).describe("What is wrong."),
});

const time = z.string().describe("ISO 8601 in UTC.");
export const optionalTime = time.nullable();
export const requiredTime = time;
export const tagsSchema = z.record(z.string(), z.string());
