import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";

const s3Schema = z.strictObject({
  bucket: z.string().min(1).describe("Name of the bucket that the processor images writes to."),
  endpoint: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://s3.eu-central-1.amazonaws.com" })
    .optional()
    .describe("Address of the S3-compatible service; that of Amazon in the region when left out."),
  region: z.string().min(1).default("us-east-1").describe("Region that requests are signed for."),
  access_key_id: secret.describe("Who reads."),
  secret_access_key: secret.describe("With what."),
  session_token: secret.optional().describe("Of temporary credentials."),
  force_path_style: z
    .boolean()
    .default(false)
    .describe("The bucket stands in the path of the URL (MinIO and most others) instead of the name of the host."),
  timeout: durationMs.prefault("10s").describe("Time for one request, from connecting to the last byte."),
});
export type S3ReadConfig = z.output<typeof s3Schema>;

/** `extensions.api.attachments`. */
export const attachmentsSchema = z.strictObject({
  url_secret: secret
    .min(16)
    .optional()
    .describe(
      "What the URLs of attachments are signed with, 16 characters or more. Left out, every process makes one up: then URLs end with the process, and no other process knows them.",
    ),
  url_expiry: durationMs
    .prefault("1h")
    .pipe(z.number().min(1_000, "must be 1s or more"))
    .describe("Age at which such a URL is of no use any more."),
  base_url: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://signalbox.example.com" })
    .optional()
    .describe("Under which address clients reach the API, in URLs of attachments. Left out: that of each request."),
  directory: z
    .string()
    .min(1)
    .optional()
    .describe("Folder that the processor images writes to, with storage: directory. Files elsewhere are never read."),
  s3: s3Schema.optional().describe("Bucket that the processor images writes to, with storage: s3."),
  max_bytes: byteSize.prefault("64MiB").describe("Most bytes of one attachment that are answered."),
});
export type AttachmentsConfig = z.output<typeof attachmentsSchema>;
