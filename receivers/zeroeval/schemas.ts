import { z } from "zod";

const time = z.string().describe("ISO 8601 in UTC.");
export const optionalTime = time.nullable();
export const requiredTime = time;
export const tagsSchema = z.record(z.string(), z.string());
