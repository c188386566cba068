import { z } from "zod";

export const nopReceiverConfigSchema = z.strictObject({});
export type NopReceiverConfig = z.output<typeof nopReceiverConfigSchema>;
