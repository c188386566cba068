import type * as dnsPromises from "node:dns/promises";
import type * as os from "node:os";
import type { Logger } from "pino";
import { z } from "zod";
import type { MetadataClient } from "./metadata-client.ts";

export type DetectedValue = string | number | string[];

/** Attributes by name. One that is undefined, "" or an empty list was not found. */
export type Detected = Readonly<Record<string, DetectedValue | undefined>>;

/** What detectors look at. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly os: Pick<
    typeof os,
    "hostname" | "networkInterfaces" | "release" | "version" | "machine" | "type" | "platform" | "cpus"
  >;
  readonly dns: Pick<typeof dnsPromises, "lookup" | "reverse" | "resolveCname">;
  /** @throws {Error} there is no such file, or it is too large */
  readonly readFile: (path: string) => Promise<string>;
  readonly http: MetadataClient;
  /** Where clouds have their metadata: `http://169.254.169.254`. */
  readonly linkLocal: string;
  readonly logger: Logger;
}

/** One attempt to find out where Signalbox runs. */
export interface Attempt<Options> {
  /** The block of the detector's name. */
  readonly options: Options;
  readonly around: Surroundings;
  /** Whether the configuration asks for the attribute. What nobody asks for need not be looked up; it is left out anyway. */
  wants(attribute: string): boolean;
}

const resourceAttribute = z.strictObject({ enabled: z.boolean().describe("Whether the attribute is detected.") });

/** A way to find attributes, as it stands in `detectors:`. */
export interface Detector<Options = unknown> {
  readonly name: string;
  /** Key of its block in the configuration: its name, where the Collector does not write it otherwise. */
  readonly key: string;
  /** Names of its attributes, and whether they are detected by default. Others that it finds were asked for one by one. */
  readonly attributes: Readonly<Record<string, boolean>>;
  readonly schema: z.ZodType<Options>;
  /**
   * @throws {PermanentError} nothing of the kind answers here
   * @throws {Error} it answers, but not what it should
   */
  detect(attempt: Attempt<Options>): Promise<Detected>;
}

interface DetectorDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  readonly key?: string;
  readonly attributes: Readonly<Record<string, boolean>>;
  /** Keys of the block besides `resource_attributes`. */
  readonly options: Shape;
  /** What keys of the block say together that cannot be; one that does not hold is reported at `key`. */
  readonly mustHold?: {
    readonly key: string;
    readonly message: string;
    holds(options: z.output<z.ZodObject<Shape>>): boolean;
  };
  detect(attempt: Attempt<z.output<z.ZodObject<Shape>>>): Promise<Detected>;
}

/** Makes a detector and the schema of its block. */
export function defineDetector<Shape extends z.ZodRawShape>(
  definition: DetectorDefinition<Shape>,
): Detector<z.output<z.ZodObject<Shape>>> {
  const { name, key = name, attributes, options } = definition;
  // The shape of the options is that of a part of the block.
  const block = z.strictObject({ ...options, ...attributesKey(attributes) }) as unknown as z.ZodType<
    z.output<z.ZodObject<Shape>>
  >;
  const { mustHold } = definition;
  const schema =
    mustHold === undefined
      ? block
      : block.refine((output) => mustHold.holds(output), { path: [mustHold.key], error: mustHold.message });
  return {
    name,
    key,
    attributes,
    schema,
    detect: (attempt) => definition.detect(attempt),
  };
}

function attributesKey(attributes: Readonly<Record<string, boolean>>): z.ZodRawShape {
  const names = Object.keys(attributes);
  if (names.length === 0) return {};
  const list = (enabled: boolean): string => names.filter((name) => attributes[name] === enabled).join(", ") || "none";
  return {
    resource_attributes: z
      .partialRecord(z.enum(names as [string, ...string[]]), resourceAttribute)
      .default({})
      .describe(`Which attributes are detected. By default: ${list(true)}; only when enabled: ${list(false)}.`),
  };
}
