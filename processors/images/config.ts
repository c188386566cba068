import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";
import { mediaKinds } from "./media/sniff.ts";

const mebibyte = 1024 * 1024;

const directorySchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe("Where the files go, one for each distinct image; made at start when it is not there."),
});
export type DirectoryConfig = z.output<typeof directorySchema>;

const s3Schema = z.strictObject({
  bucket: z.string().min(1).describe("Name of the bucket, which must exist."),
  endpoint: z
    .url({ protocol: /^https?$/, error: "must be a URL such as https://s3.eu-central-1.amazonaws.com" })
    .optional()
    .describe("Address of the S3-compatible service; that of Amazon in the region when left out."),
  region: z.string().min(1).default("us-east-1").describe("Region that requests are signed for."),
  prefix: z.string().default("").describe('Put in front of the names of objects, such as "images/".'),
  access_key_id: secret.describe("Who writes."),
  secret_access_key: secret.describe("With what."),
  session_token: secret.optional().describe("Of temporary credentials."),
  force_path_style: z
    .boolean()
    .default(false)
    .describe("The bucket stands in the path of the URL (MinIO and most others) instead of the name of the host."),
  timeout: durationMs.prefault("10s").describe("Time for one request, from connecting to the answer."),
  max_attempts: z.int().min(1).max(20).default(3).describe("Tries of one upload before the batch is refused."),
  max_in_flight: z.int().min(1).max(1000).default(8).describe("Uploads at the same time; others wait."),
});
export type S3Config = z.output<typeof s3Schema>;

export const imagesConfigSchema = z
  .strictObject({
    storage: z
      .enum(["clickhouse", "directory", "s3"])
      .default("clickhouse")
      .describe("Where images are stored; `clickhouse` leaves that to the exporter, beside the spans."),
    directory: directorySchema.optional().describe("Of storage `directory`."),
    s3: s3Schema.optional().describe("Of storage `s3`."),
    media_types: z
      .array(z.enum(mediaKinds))
      .min(1)
      .default(["image"])
      .describe(
        "What is taken out: `image` (JPEG, PNG, WebP, GIF), `audio` (MP3, WAV, Ogg, FLAC), `pdf`. The rest stays where it is.",
      ),
    max_image_bytes: byteSize
      .prefault("10MiB")
      .describe("Bytes of one image, decoded; a larger one is removed with `attachment_too_large`."),
    max_images_per_span: z
      .int()
      .min(0)
      .max(10_000)
      .default(5)
      .describe("Images kept of one span, in order; others are removed with `attachment_limit_exceeded`."),
    max_pixels: z
      .int()
      .min(1)
      .default(100_000_000)
      .describe("Width times height that an image's header may announce; more is `attachment_too_large`."),
    max_scan_bytes: byteSize
      .prefault("64MiB")
      .describe("Bytes of one value that are searched; a longer value stays as it is, with a warning."),
    max_known_images: z
      .int()
      .min(0)
      .max(10_000_000)
      .default(100_000)
      .describe("Images remembered as stored in the directory or bucket, so that they are not sent again."),
    max_pending_bytes: byteSize
      .prefault("256MiB")
      .describe(
        "Bytes of images on their way to the directory or bucket above which batches are refused and senders keep them. A single batch may be larger.",
      ),
  })
  .check((context) => {
    const { storage, directory, s3, max_image_bytes } = context.value;
    const report = (path: string, message: string, input: unknown): void => {
      context.issues.push({ code: "custom", message, input, path: [path] });
    };
    if (storage === "directory" && directory === undefined)
      report("directory", "is needed for storage directory", directory);
    if (storage === "s3" && s3 === undefined) report("s3", "is needed for storage s3", s3);
    if (storage !== "directory" && directory !== undefined) {
      report("directory", `has no effect with storage ${storage}; set storage to directory`, storage);
    }
    if (storage !== "s3" && s3 !== undefined)
      report("s3", `has no effect with storage ${storage}; set storage to s3`, storage);
    if (max_image_bytes < 1 || max_image_bytes > 1024 * mebibyte) {
      report("max_image_bytes", "must be between 1 byte and 1GiB", max_image_bytes);
    }
  });
export type ImagesConfig = z.output<typeof imagesConfigSchema>;
