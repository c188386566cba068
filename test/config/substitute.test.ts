import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import { durationMs } from "../../config/duration.ts";
import { defaultLimits } from "../../config/limits.ts";
import { parseMending } from "../../config/parse.ts";
import { type ResolvedConfig, resolveConfig } from "../../config/resolve.ts";

const env = {
  HOST: "db.example",
  PORT: "8123",
  EMPTY: "",
  ZEROS: "0123",
  EXPONENT: "1e5",
  TRUE: "true",
  LIST: "[a, 1]",
  MAP: "{a: 1, b: '${env:HOST}'}",
  QUOTED: '"in quotes" # and more',
  BROKEN: "[no: yaml",
  INDIRECT: "${env:HOST}:${env:PORT}",
  NAME: "HOST",
  DOLLARS: "a$$b",
  SELF: "${env:SELF}",
  A0: "${A1}${A1}${A1}${A1}",
  A1: "${A2}${A2}${A2}${A2}",
  A2: "${A3}${A3}${A3}${A3}",
  A3: "x".repeat(1000),
};

async function resolve(value: unknown, limits = defaultLimits): Promise<ResolvedConfig> {
  // `yaml:` takes any text, so that no test needs a file.
  return resolveConfig([`yaml:${stringify({ value })}`], [], env, limits);
}

async function expansionOf(text: string): Promise<unknown> {
  const { tree, problems } = await resolve(text);
  expect(problems).toEqual([]);
  return tree["value"];
}

async function problemOf(text: string, limits = defaultLimits): Promise<string | undefined> {
  const { problems } = await resolve(text, limits);
  return problems[0]?.message;
}

/** What a field of the schema gets for `text`. */
async function fieldOf(schema: z.ZodType, text: string): Promise<unknown> {
  const { tree, texts } = await resolve(text);
  const parsed = parseMending(z.strictObject({ value: schema }), tree, (path) => texts.at(path));
  return parsed.success ? parsed.output.value : parsed.issues;
}

describe("references", () => {
  it.each([
    ["${env:HOST}", "db.example"],
    ["${HOST}", "db.example"],
    ["${env:PORT}", 8123],
    ["${env:TRUE}", true],
    ["${env:LIST}", ["a", 1]],
    ["${env:MAP}", { a: 1, b: "db.example" }],
    ["${env:QUOTED}", '"in quotes" # and more'],
    ["${env:BROKEN}", "[no: yaml"],
    ["${env:UNSET:-7}", 7],
    ["${UNSET:-text}", "text"],
    ["${env:UNSET:-}", ""],
    ["${env:UNSET:-a:-b}", "a:-b"],
    ["${env:EMPTY:-7}", null],
    ["${env:EMPTY}", null],
    ["${env:UNSET:-${env:HOST}}", "db.example"],
    ["${env:${env:NAME}}", "db.example"],
    ["${env:INDIRECT}", "db.example:8123"],
    ["${yaml:[1, 2]}", [1, 2]],
    ["http://${env:HOST}:${env:PORT}/", "http://db.example:8123/"],
    ["a ${env:ZEROS} b", "a 0123 b"],
    ["<${env:UNSET_TOO}>", "<>"],
    ["$HOST", "$HOST"],
    ["$$HOST $$", "$HOST $"],
    ["$${env:HOST}", "${env:HOST}"],
    ["$$${env:HOST}", "$db.example"],
    ["${env:DOLLARS}", "a$b"],
    ["${env:HOST", "${env:HOST"],
    ["a } b ${ c", "a } b ${ c"],
    ["${env:${env:HOST}", "${env:db.example"],
    ["^[a-z]+$", "^[a-z]+$"],
  ])("%s stands for %j", async (text, value) => {
    expect(await expansionOf(text)).toEqual(value);
  });

  it.each([
    [
      "${env:1}",
      'cannot replace ${env:1}: environment variable "1" has an invalid name, must match ^[a-zA-Z_][a-zA-Z0-9_]*$; write $$ for a dollar sign',
    ],
    [
      "${}",
      'cannot replace ${}: environment variable "" has an invalid name, must match ^[a-zA-Z_][a-zA-Z0-9_]*$; write $$ for a dollar sign',
    ],
    [
      "${flie:/a}",
      'cannot replace ${flie:/a}: scheme "flie" is not supported, must be env, file, yaml, http, https, did you mean "file"?',
    ],
    ["a ${env:LIST}", "a reference inside a longer text must stand for a string, number or boolean, got a map or list"],
    ["${env:SELF}", "references are nested deeper than 100, or refer to themselves"],
    ["${yaml:a: 1\na: 2}", 'line 2: key "a" is written twice, first at line 1'],
  ])("%s is a problem", async (text, message) => {
    expect(await problemOf(text)).toBe(message);
  });

  it("does not show defaults and inline texts in problems", async () => {
    expect(await problemOf("${env:1:-hunter2}")).not.toContain("hunter2");
    expect(await problemOf("${yaml:a: hunter2} x")).not.toContain("hunter2");
  });

  it("warns of a variable that is not set, naming the key", async () => {
    const { warnings } = await resolve(["${env:NOT_THERE}"]);
    expect(warnings).toEqual(['yaml: value[0]: environment variable "NOT_THERE" is not set']);
  });

  it("warns of a variable without braces, which is no reference", async () => {
    const { tree, warnings } = await resolve(["http://$HOST", "$$HOST", "$NOT_THERE", "${env:DOLLARS}"]);
    expect(tree).toEqual({ value: ["http://$HOST", "$HOST", "$NOT_THERE", "a$b"] });
    expect(warnings).toEqual(["yaml: value[0]: $HOST is left as it is, write ${env:HOST}"]);
  });

  it("stops at the bound on nesting within one text", async () => {
    const text = `${"${env:".repeat(101)}HOST${"}".repeat(101)}`;
    expect(await problemOf(text)).toBe("references are nested deeper than 100, or refer to themselves");
  });

  it("stops at the bound on the number of references", async () => {
    expect(await problemOf("${A0}", { ...defaultLimits, maxReferences: 20 })).toBe("more than 20 references");
  });

  it("stops at the bound on the expanded text", async () => {
    const message = await problemOf("${A0}", { ...defaultLimits, maxSourceBytes: 10_000 });
    expect(message).toBe("expands to more than 10000 characters");
  });

  it("takes a text of a million unclosed references in linear time", async () => {
    expect(await problemOf("${".repeat(1_000_000))).toBeUndefined();
  });
});

describe("fields filled by references", () => {
  it.each([
    [z.string(), "${env:ZEROS}", "0123"],
    [z.string(), "${env:EXPONENT}", "1e5"],
    [z.string(), "${env:TRUE}", "true"],
    [z.string(), "${env:LIST}", "[a, 1]"],
    [z.string(), "${env:UNSET}", ""],
    [z.string().optional(), "${env:PORT}", "8123"],
    [z.union([z.boolean(), z.strictObject({}), z.string()]), "${env:PORT}", "8123"],
    [z.enum(["1.2", "8123"]), "${env:PORT}", "8123"],
    [z.int(), "${env:PORT}", 8123],
    [z.int().default(5), "${env:UNSET}", 5],
    [z.boolean(), "${env:TRUE}", true],
    [z.array(z.unknown()), "${env:LIST}", ["a", 1]],
    [durationMs, "${env:UNSET:-10s}", 10_000],
    [z.unknown(), "${env:PORT}", 8123],
  ])("%# takes what it wants", async (schema, text, value) => {
    expect(await fieldOf(schema, text)).toEqual(value);
  });

  it("keep the texts inside lists and maps that stand in the configuration", async () => {
    const { tree, texts } = await resolve({ headers: { tenant: "${env:ZEROS}" }, ids: ["${env:TRUE}"] });
    const schema = z.object({
      value: z.object({ headers: z.record(z.string(), z.string()), ids: z.array(z.string()) }),
    });
    const parsed = parseMending(schema, tree, (path) => texts.at(path));
    expect(parsed.value).toEqual({ value: { headers: { tenant: "0123" }, ids: ["true"] } });
  });
});

describe("files in references", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "signalbox-config-"));
    writeFileSync(join(folder, "token"), "0123\n");
    writeFileSync(join(folder, "part.yaml"), 'a: [1, "${env:PORT}"]\nb: text\n');
    writeFileSync(join(folder, "twice.yaml"), "a: 1\na: 2\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("stand for any YAML, with references inside", async () => {
    expect(await expansionOf(`\${file:${join(folder, "part.yaml")}}`)).toEqual({ a: [1, 8123], b: "text" });
  });

  it("give a string field their text without the line break at the end", async () => {
    expect(await fieldOf(z.string(), `\${file:${join(folder, "token")}}`)).toBe("0123");
  });

  it("may be named by a variable", async () => {
    expect(await expansionOf(`\${file:${folder}/\${env:NO:-token}}`)).toBe(123);
  });

  it("report duplicate keys instead of standing for a string", async () => {
    const message = await problemOf(`\${file:${join(folder, "twice.yaml")}}`);
    expect(message).toBe('line 2: key "a" is written twice, first at line 1');
  });
});
