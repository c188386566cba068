import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { canonicalKind, operationKinds } from "../../../processors/genai/canonical.ts";
import type { Rule, Source } from "../../../processors/genai/dialect.ts";
import { dialects } from "../../../processors/genai/dialects/index.ts";
import { exceptions, general } from "../../../processors/genai/general.ts";

const all = [...dialects, exceptions, general];
const namesIn = (folder: string, ending: string): string[] =>
  readdirSync(fileURLToPath(new URL(folder, import.meta.url)))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
const files = namesIn("../../../processors/genai/dialects", ".ts").filter((name) => name !== "index");

function keysOf(source: Source): string[] {
  if (typeof source === "string") return [source];
  if ("attribute" in source) return source.attribute === undefined ? [] : [source.attribute];
  if ("attributes" in source) return Object.values(source.attributes);
  if ("resources" in source) return Object.values(source.resources);
  if ("prefix" in source) return [source.prefix];
  if ("indexed" in source) return [source.indexed];
  return "resource" in source ? [source.resource] : [];
}

function valuesOf({ target, sources }: Rule): string[] {
  if (target !== "OperationKind") return [];
  return sources.flatMap((source) => {
    if (typeof source === "string") return [];
    if ("values" in source) return Object.values(source.values ?? {});
    if ("spanName" in source) return Object.values(source.spanName);
    return "constant" in source ? [source.constant] : [];
  });
}

describe("dialects", () => {
  it("have one name each, in snake_case", () => {
    const names = all.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([]);
  });

  it("stand in one file each, which has a test", () => {
    expect(dialects).toHaveLength(files.length);
    expect(namesIn("dialects", ".test.ts")).toEqual(files);
  });

  it("say where their names come from", () => {
    expect(all.filter(({ source }) => !/^https:\/\/\S+$/.test(source)).map(({ name }) => name)).toEqual([]);
  });

  it("are recognised by something", () => {
    const unrecognisable = dialects.filter(
      ({ recognise: { scopes = [], keys = [] } }) => scopes.length + keys.length === 0,
    );
    expect(unrecognisable).toEqual([]);
  });

  it("name keys that can be keys", () => {
    const keys = all.flatMap(({ recognise, rules }) => [
      ...(recognise.keys ?? []),
      ...rules.flatMap(({ sources }) => sources.flatMap(keysOf)),
    ]);
    expect(keys.filter((key) => !/^[A-Za-z][A-Za-z0-9_.:-]*\*?$/.test(key))).toEqual([]);
  });

  it("name no source of a column twice under one condition", () => {
    const twice = all.flatMap(({ name, rules }) => {
      const pairs = rules.flatMap(({ target, sources, when }) =>
        sources.map((source) => JSON.stringify([target, source, when ?? null])),
      );
      return pairs.filter((pair, index) => pairs.indexOf(pair) !== index).map((pair) => `${name}: ${pair}`);
    });
    expect(twice).toEqual([]);
  });

  it("make only kinds of operations that there are", () => {
    const kinds = all.flatMap(({ rules }) => rules.flatMap(valuesOf)).filter((kind) => kind !== "*");
    expect(kinds.filter((kind) => !operationKinds.some((known) => known === kind))).toEqual([]);
    expect(kinds.map(canonicalKind)).toEqual(kinds);
  });

  it("write the values they compare in lower case", () => {
    const values = all.flatMap(({ rules }) =>
      rules.flatMap(({ sources }) =>
        sources.flatMap((source) =>
          typeof source === "object" && "values" in source ? Object.keys(source.values ?? {}) : [],
        ),
      ),
    );
    expect(values.filter((value) => value !== value.toLowerCase())).toEqual([]);
  });

  it("end with OpenTelemetry's own names", () => {
    expect(dialects.at(-1)?.name).toBe("otel");
  });
});
