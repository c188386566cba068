import { z } from "zod";
import { byteSize } from "../../config/byte-size.ts";
import { durationMs } from "../../config/duration.ts";
import { didYouMean } from "../../config/suggest.ts";
import { retryKeys } from "../../exporters/helper/retry.ts";
import { detectors, missingDetectors } from "./detectors.ts";

const names = detectors.map(({ name }) => name);

const detectorName = z
  .string()
  .trim()
  .check((context) => {
    const name = context.value;
    if (names.includes(name)) return;
    const advice = missingDetectors.get(name);
    const reason =
      advice === undefined
        ? `unknown detector "${name}"${didYouMean(name, names)}`
        : `Signalbox has no detector "${name}", ${advice}`;
    context.issues.push({ code: "custom", message: `${reason}; must be among ${names.join(", ")}`, input: name });
  });

const blocks = Object.fromEntries(
  detectors.map(({ key, name, schema }) => [key, schema.prefault({}).describe(`Of the detector ${name}.`)]),
);

const keys = z.strictObject({
  detectors: z
    .array(detectorName)
    .min(1)
    .default(["env"])
    .describe(
      `Where to look for attributes: the first that finds one gives its value. One or more of ${names.join(", ")}.`,
    ),
  override: z
    .boolean()
    .default(true)
    .describe("Whether what was detected replaces attributes that a resource has already."),
  timeout: durationMs
    .prefault("5s")
    .refine((ms) => ms > 0, "must be more than 0")
    .describe("Longest time that detection may take, all detectors at once; what was not found by then is left out."),
  attributes: z
    .array(z.string())
    .default([])
    .describe("The only attributes to add; all that were detected when empty.")
    .meta({ successor: "resource_attributes of the detectors" }),
  refresh_interval: durationMs
    .prefault("0s")
    .describe("Detect again and again, this long after another; 0 detects once, at start."),
  fail_on_missing_metadata: z
    .boolean()
    .default(false)
    .describe("Do not start unless every detector has found what it looks for; until timeout, it is looked for again."),
  retry: retryKeys({
    initial_interval: "1s",
    multiplier: 2,
    max_elapsed_time: "0s",
    zeroMeans: "gives up with timeout",
  })
    .prefault({})
    .describe(
      "How a detector that fails is asked again. One that finds nothing of its kind is not, unless fail_on_missing_metadata says so. A max_elapsed_time above 0 takes the place of timeout, which then is for one attempt.",
    ),
  max_response_size: byteSize
    .prefault("1MiB")
    .describe("Longest answer of a metadata service, and longest file, that is read."),
});

/** Besides, the block of each detector stands under its key. */
export type ResourceDetectionConfig = z.output<typeof keys>;

export const resourceDetectionConfigSchema = keys.extend(blocks) as unknown as z.ZodType<ResourceDetectionConfig>;
