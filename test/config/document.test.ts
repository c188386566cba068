import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { documentConfiguration } from "../../config/document.ts";
import { keysOf } from "../../config/document-keys.ts";
import { durationMs } from "../../config/duration.ts";
import { secret } from "../../config/secret.ts";
import { loadComponents } from "../../pipeline/components.ts";
import { fakeComponents } from "../support/fake-components.ts";

describe("the reference of configuration keys", () => {
  it("is committed as the schemas say it; `npm run docs` writes it", async () => {
    const committed = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
    expect(committed).toBe(documentConfiguration(await loadComponents()));
  });

  it("describes each component with its aliases, signals and keys", () => {
    const text = documentConfiguration(fakeComponents);
    expect(text).toContain(
      "### `otlp_grpc` exporter\n\nStands for otlp_grpc.\n\nAlso known as `otlp`. Signals: traces, metrics, logs. Stability: beta.",
    );
    expect(text).toContain(
      "| `send_batch_size` | whole number, 1 or more | `8192` | Spans at which a batch is sent. |",
    );
    expect(text).toContain("| `protocols.grpc.endpoint` | string | `localhost:4317` | Address. |");
  });

  it("names types, defaults and nested keys of every kind of schema", () => {
    const schema = z.strictObject({
      wait: durationMs.prefault("5s").describe("How | long."),
      token: secret.describe("A secret."),
      ratio: z.number().gt(0).max(1).default(0.5).describe("Share."),
      mode: z
        .union([z.enum(["a", "b"]), z.int().nullable()])
        .optional()
        .describe("Mode."),
      rules: z
        .array(z.strictObject({ key: z.string().default("").describe("Key.") }))
        .default([])
        .describe("Rules."),
      age: z.union([durationMs, z.null()]).default(null).describe("Age."),
      servers: z
        .record(z.string(), z.strictObject({ port: z.int() }))
        .default({})
        .describe("Servers."),
    });
    const rows = keysOf(schema).map(({ path, type, defaultText, required }) => [path, type, required || defaultText]);
    expect(rows).toEqual([
      ["wait", "duration", "5s"],
      ["token", "secret string", true],
      ["ratio", "number, more than 0, 1 or less", "0.5"],
      ["mode", "`a` or `b` or whole number or null", ""],
      ["rules", "list of maps", "[]"],
      ["rules[].key", "string", '""'],
      ["age", "duration or null", "null"],
      ["servers", "map of maps", ""],
      ["servers.<name>.port", "whole number", true],
    ]);
  });

  it("describes a schema that holds itself once, copies with a description of their own included", () => {
    type Tree = { name: string; children?: Tree[] | undefined; only?: Tree | undefined };
    const lazy: z.ZodType<Tree> = z.lazy(() =>
      z.strictObject({ name: z.string().describe("Name."), children: z.array(lazy).optional().describe("Below.") }),
    );
    expect(keysOf(lazy).map(({ path }) => path)).toEqual(["name", "children"]);
    const tree: z.ZodType<Tree> = z.strictObject({
      name: z.string().describe("Name."),
      get only() {
        return tree.optional().describe("Inside.");
      },
    });
    const schema = z.strictObject({ tree: tree.describe("The tree.") });
    expect(keysOf(schema).map(({ path }) => path)).toEqual(["tree", "tree.name", "tree.only"]);
  });
});
