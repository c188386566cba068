import { describe, expect, it } from "vitest";
import type { z } from "zod";
import type { SpanCursor } from "../../../pipeline/span-batch/cursor.ts";
import { attributesChange } from "../../../processors/attributes/change.ts";
import { attributesConfigSchema } from "../../../processors/attributes/config.ts";
import { Random, randomBatch } from "../../support/generate.ts";
import { plainSpans } from "../../support/plain.ts";

type ActionInput = z.input<typeof attributesConfigSchema>["actions"][number];

const keys = ["k1", "k2", "user.id", "schlüssel", "never seen", "added"];

function randomAction(random: Random): ActionInput {
  const key = random.pick(keys);
  const action = random.pick(["insert", "update", "upsert"] as const);
  if (random.chance(30)) return { action: "delete", key };
  return random.chance(50)
    ? { action, key, value: random.pick(["text", 5, 0.5, true]) }
    : { action, key, from_attribute: random.pick(keys) };
}

/** The same action, span by span through the cursor. */
function act(span: SpanCursor, config: ActionInput): void {
  const { attributes } = span;
  if (config.action === "delete") attributes.delete(config.key!);
  else if (config.action === "insert" || config.action === "update" || config.action === "upsert") {
    const value = config.from_attribute === undefined ? config.value : attributes.get(config.from_attribute);
    const isThere = attributes.has(config.key);
    if (value === undefined || (config.action === "insert" && isThere) || (config.action === "update" && !isThere))
      return;
    attributes.set(config.key, value);
  }
}

/** Where a new entry stands is free: sort by key, which keeps the order of repeated ones. */
function sorted(spans: unknown[]): unknown[] {
  return (spans as { attributes: [string, unknown, unknown][] }[]).map((span) => ({
    ...span,
    attributes: span.attributes.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)),
  }));
}

describe("attributes processor on random batches", () => {
  it("does what the same actions do span by span, and changes nothing else", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new Random(seed);
      const actions = Array.from({ length: 1 + random.int(6) }, () => randomAction(random));
      const expected = randomBatch(seed, { deletedPercent: 25 });
      for (const span of expected) for (const action of actions) act(span, action);
      const batch = randomBatch(seed, { deletedPercent: 25 });
      attributesChange(attributesConfigSchema.parse({ actions }))({ batch });
      expect(sorted(plainSpans(batch)), `seed ${seed}`).toEqual(sorted(plainSpans(expected)));
    }
  });
});
