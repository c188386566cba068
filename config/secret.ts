import { z } from "zod";

/** What stands in printed configurations for a value nobody may see. */
export const REDACTED = "[REDACTED]";

/** A string that no output may show: `print-config` and every error write `[REDACTED]` for it. */
export const secret = z.string().meta({ secret: true });
