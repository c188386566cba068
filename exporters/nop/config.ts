import { z } from "zod";

export const nopExporterConfigSchema = z.strictObject({});
export type NopExporterConfig = z.output<typeof nopExporterConfigSchema>;
