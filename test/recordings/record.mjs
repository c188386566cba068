import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startLlmServer } from "./support/llm-server.mjs";
import { startOtlpSink } from "./support/otlp-sink.mjs";
import { pretty } from "./support/pretty.mjs";
import { scrub } from "./support/scrub.mjs";

/*
 * Records instrumentations: node test/recordings/record.mjs [INSTRUMENTATION[/SCENARIO]...]
 *
 * Each is installed and run in a scratch folder outside the repository, against a fake LLM server and an OTLP sink on
 * loopback. What it sent and what is true of it are written to test/testdata/recordings.
 */
const here = import.meta.dirname;
const output = join(here, "../testdata/recordings");
const scratch = process.env.RECORDINGS_SCRATCH ?? join(tmpdir(), "signalbox-recordings");
const run = promisify(execFile);

/** The fact of the trace that a fact of a row belongs to. */
const traceFactOf = {
  InputTokens: "inputTokens",
  OutputTokens: "outputTokens",
  CacheReadTokens: "cacheReadTokens",
  CacheWriteTokens: "cacheWriteTokens",
  ReasoningTokens: "reasoningTokens",
  SessionId: "sessionId",
  UserId: "userId",
};

const wanted = process.argv.slice(2).map((name) => name.split("/"));
const all = readdirSync(here).filter((name) => existsSync(join(here, name, "package.json")));
const llm = await startLlmServer();
const sink = await startOtlpSink();
mkdirSync(join(scratch, "support"), { recursive: true });
cpSync(join(here, "support"), join(scratch, "support"), { recursive: true });
let failed = 0;
for (const [name, scenario] of wanted.length > 0 ? wanted : all.map((each) => [each]))
  await record(name, scenario).catch(report(name));
llm.close();
sink.close();
process.exitCode = failed > 0 ? 1 : 0;

async function record(name, only) {
  const folder = join(scratch, name);
  cpSync(join(here, name), folder, { recursive: true });
  if (!existsSync(join(folder, "node_modules"))) {
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--legacy-peer-deps"];
    await run("npm", ["install", ...flags], { cwd: folder });
  }
  if (existsSync(join(folder, "requirements.txt")) && !existsSync(join(folder, "venv"))) {
    await run("python3", ["-m", "venv", "venv"], { cwd: folder });
    await run("venv/bin/pip", ["install", "--quiet", "--requirement", "requirements.txt"], { cwd: folder });
  }
  const scenarios = only === undefined ? await child(folder) : [only];
  if (only === undefined) rmSync(join(output, name), { recursive: true, force: true });
  mkdirSync(join(output, name), { recursive: true });
  for (const scenario of scenarios) await recordScenario(name, folder, scenario);
}

/** Says what failed, and lets the others be recorded. */
function report(subject) {
  return (error) => {
    failed++;
    process.stderr.write(`${subject} failed:\n${error.stderr ?? error.stack}\n`);
  };
}

async function recordScenario(name, folder, scenario) {
  let truth;
  try {
    truth = await child(folder, scenario);
  } catch (error) {
    report(`${name}/${scenario}`)(error);
  }
  const request = { resourceSpans: sink.takeRequests().flatMap(({ resourceSpans = [] }) => resourceSpans) };
  const logs = { resourceLogs: sink.takeLogs().flatMap(({ resourceLogs = [] }) => resourceLogs) };
  const calls = llm.takeCalls();
  const spans = request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  process.stdout.write(`${name}/${scenario}: ${calls.length} calls, ${spans.length} spans\n`);
  if (truth === undefined || spans.length === 0) return;
  const path = join(output, name, scenario);
  writeFileSync(`${path}.json`, `${pretty(scrub(request, scratch))}\n`);
  if (logs.resourceLogs.length > 0) writeFileSync(`${path}.logs.json`, `${pretty(scrub(logs, scratch))}\n`);
  writeFileSync(`${path}.truth.json`, `${JSON.stringify(truthOf(folder, truth, calls), null, 2)}\n`);
}

/** Runs child.mjs in the folder of an instrumentation. @returns the JSON it printed last */
async function child(folder, ...scenario) {
  const script = join(scratch, "support/child.mjs");
  const { stdout, stderr } = await run(process.execPath, [script, join(folder, "record.mjs"), ...scenario], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      LLM_URL: llm.url,
      OTLP_URL: sink.url,
      OPENAI_API_KEY: "sk-recording",
      ANTHROPIC_API_KEY: "sk-ant-recording",
      GEMINI_API_KEY: "recording",
    },
    maxBuffer: 64e6,
    timeout: 60_000,
  });
  if (process.env.RECORDINGS_VERBOSE !== undefined) process.stderr.write(stdout + stderr);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1));
}

/** The truth of a recording: the rows the script names, and the sums of what the server answered. */
function truthOf(folder, { description, instrumentation, trace = {}, spans = [], notTransmitted = [] }, calls) {
  const sum = (count) => calls.reduce((total, call) => total + (call.status === undefined ? call[count] : 0), 0);
  const sums = {
    llmCalls: calls.filter(({ question }) => question !== "embedding").length,
    inputTokens: sum("input"),
    outputTokens: sum("output"),
    cacheReadTokens: sum("cacheRead"),
    cacheWriteTokens: sum("cacheWrite"),
    reasoningTokens: sum("reasoning"),
  };
  const missing = spans.flatMap(({ select, not }) => not.map((fact) => `${labelOf(select)}: ${fact}`));
  const away = spans.flatMap(({ select, elsewhere }) =>
    elsewhere.map((fact) => `${labelOf(select)}: ${fact} (on another span)`),
  );
  const unknown = spans.flatMap(({ not }) =>
    not.filter((fact) => traceFactOf[fact]).map((fact) => `trace.${traceFactOf[fact]}`),
  );
  const silent = [...new Set([...notTransmitted, ...unknown, ...missing, ...away])];
  const told = Object.entries({ ...sums, ...trace }).filter(([fact]) => !silent.includes(`trace.${fact}`));
  return {
    description,
    instrumentation: versionOf(folder, instrumentation),
    ...(silent.length > 0 && { notTransmitted: silent }),
    trace: Object.fromEntries(told),
    spans: spans.map(({ select, expect, logged }) => ({ select, expect, ...(logged && { logged }) })),
  };
}

function labelOf({ name, nth }) {
  return nth === undefined ? name : `${name} #${nth}`;
}

/** @param packages names of them, or a text that says it */
function versionOf(folder, packages) {
  if (typeof packages === "string") return packages;
  const version = (name) =>
    JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")).version;
  return packages.map((name) => `${name} ${version(name)}`).join(", ");
}
