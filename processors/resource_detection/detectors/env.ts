import { z } from "zod";
import { PermanentError } from "../../../pipeline/errors.ts";
import { type Detected, defineDetector } from "../detector.ts";

/** Attributes from OTEL_RESOURCE_ATTRIBUTES: `key=value,key=value`, with percent-encoding. */
export const envDetector = defineDetector({
  name: "env",
  attributes: {},
  options: {
    allowlist: z.array(z.string()).optional().describe("Attributes to take from the variable; all when left out."),
  },
  async detect({ options: { allowlist }, around: { env } }) {
    const name = env["OTEL_RESOURCE_ATTRIBUTES"]?.trim() ? "OTEL_RESOURCE_ATTRIBUTES" : "OTEL_RESOURCE";
    const found = parseAttributes(env[name] ?? "", name);
    return Object.fromEntries(Object.entries(found).filter(([key]) => allowlist?.includes(key) ?? true));
  },
});

/** @see https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable */
function parseAttributes(text: string, name: string): Detected {
  const found: Record<string, string> = {};
  for (const entry of text.split(",")) {
    if (entry.trim() === "") continue;
    const equals = entry.indexOf("=");
    const key = entry.slice(0, Math.max(equals, 0)).trim();
    // Neither the entry nor its value may be shown: this may be where a secret stands.
    if (key === "") throw new PermanentError(`${name} has an entry that is not key=value`);
    found[key] = decode(entry.slice(equals + 1).trim(), `${name}: ${key}`);
  }
  return found;
}

function decode(text: string, where: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new PermanentError(`${where} has a value with broken percent-encoding`, { cause });
  }
}
