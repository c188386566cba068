import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";

/** `extensions.api.datasets`. */
export const datasetsSchema = z.strictObject({
  max_rows_per_request: z
    .int()
    .min(1)
    .default(1_000_000)
    .describe("Most rows of a request of JSON; more are answered with 400."),
  max_files_per_version: z
    .int()
    .min(1)
    .default(100)
    .describe("Most files of Parquet of one version; more are answered with 400."),
  max_rows_per_file: z.int().min(1).default(1_000_000).describe("Most rows of one file of Parquet; more are refused."),
  max_bytes_per_file: byteSize
    .prefault("512MiB")
    // ClickHouse takes 0 for no limit at all.
    .pipe(z.number().min(1, "must be 1 or more"))
    .describe("Most bytes of all values of one such file: a small file can say a long text many times."),
});
export type DatasetsConfig = z.output<typeof datasetsSchema>;
