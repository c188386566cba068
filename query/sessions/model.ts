import { z } from "zod";
import { signalValues } from "../signals/model.ts";

const text = z.string().nullable();

/** SessionRead: a session as the API answers it. */
export const sessionRead = z
  .object({
    id: z.string().describe("UUID; made of the text that was sent where that was none."),
    project_id: z.string().describe("UUID."),
    name: text,
    trace_count: z.int(),
    error_count: z.int().describe("Spans with an error."),
    cost: z.number().nullable().describe("US dollars, of all traces."),
    duration: z.number().nullable().describe("Milliseconds: the sum of the traces' durations."),
    tags: z.record(z.string(), z.string()).describe("The session's own."),
    attributes: z.record(z.string(), z.unknown()),
    signals: signalValues,
    started_at: text.describe("ISO 8601 in UTC."),
    ended_at: text.describe("ISO 8601 in UTC."),
    created_at: z.string().describe("When the first of it arrived."),
    updated_at: z.string().describe("When the last of it arrived."),
  })
  .meta({ id: "SessionRead" });
