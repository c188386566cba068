import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { loadComponents } from "../../pipeline/components.ts";
import { startTestClickHouse, type TestClickHouse } from "../support/clickhouse.ts";
import { defaultConfigWith, Program, projectPath, ready } from "../support/program.ts";

const readme = readFileSync(projectPath("README.md"), "utf8");

/** The code blocks of a language, in their order. */
function snippets(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, text]) => text!);
}

let clickhouse: TestClickHouse;
let program: Program;

beforeAll(async () => {
  clickhouse = await startTestClickHouse();
});

afterAll(async () => {
  await program?.dispose();
  await clickhouse?.stop();
});

describe("the README", () => {
  it("shows a configuration of about twenty lines that is valid without a warning", async () => {
    const [yaml, ...others] = snippets("yaml");
    expect(others).toEqual([]);
    expect(yaml!.trimEnd().split("\n").length).toBeLessThanOrEqual(22);
    const { warnings } = await loadConfig([`yaml:${yaml}`], [], loadComponents);
    expect(warnings).toEqual([]);
  });

  it("names scripts that package.json has", () => {
    const { scripts } = JSON.parse(readFileSync(projectPath("package.json"), "utf8"));
    const named = [...readme.matchAll(/npm (?:run )?(start|test|(?<=run )[a-z]+)/g)].map(([, name]) => name!);
    expect(new Set(named).size).toBeGreaterThan(3);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  it("links to documents that are there", () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path!);
    expect(links.length).toBeGreaterThan(4);
    expect(links.filter((path) => !existsSync(projectPath(path)))).toEqual([]);
  });

  it("has commands that send a span and print it", async () => {
    program = await Program.start({ args: defaultConfigWith(clickhouse) });
    const { http } = await ready(program);
    const commands = snippets("sh").find((text) => text.includes("/v1/traces"))!;
    const script = commands
      .replaceAll("http://127.0.0.1:4318", http)
      .replaceAll("http://127.0.0.1:8123", clickhouse.url)
      .replaceAll("otel.otel_traces", `${clickhouse.database}.otel_traces`);
    const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script]);
    expect(stdout).toMatch(/SpanName: +chat gpt-4\.1-mini/);
    expect(stdout).toMatch(
      /OperationKind: +llm[\s\S]*InputTokens: +150[\s\S]*OutputTokens: +42[\s\S]*Cost: +0\.000127/,
    );
  });
});
