import type { Dialect } from "../dialect.ts";
import { semconv } from "./semconv.ts";

/**
 * All dialects, in the order of precedence: what an emitter names by itself before what is common to all, so that
 * OpenTelemetry's own names come last.
 */
export const dialects: readonly Dialect[] = [semconv];
