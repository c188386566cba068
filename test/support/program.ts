import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { until } from "./until.ts";

/** A path from the top of the project. */
export const projectPath = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** What a program is started with. */
export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly script?: string;
  /** A folder that is there already; otherwise a new one, which `dispose()` removes. */
  readonly directory?: string;
}

/** The built program, or another script of it, in a process of its own and in an empty folder. */
export class Program {
  readonly directory: string;
  readonly #child: ChildProcess;
  readonly #ownsDirectory: boolean;
  readonly ended: Promise<number | string>;
  stdout = "";
  stderr = "";

  private constructor(directory: string, options: ProgramOptions) {
    this.directory = directory;
    this.#ownsDirectory = options.directory === undefined;
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.#child = spawn(process.execPath, [projectPath(options.script ?? "dist/bin/signalbox.js"), ...options.args], {
      cwd: directory,
      env: { ...env, SIGNALBOX_DATA: join(directory, "data"), ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.#child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  }

  static async start(options: ProgramOptions): Promise<Program> {
    if (inject("buildProblems") !== "") throw new Error(`the program was not built: ${inject("buildProblems")}`);
    return new Program(options.directory ?? (await mkdtemp(join(tmpdir(), "signalbox-e2e-"))), options);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The log so far. Lines that are no JSON are left out. */
  get lines(): readonly LogLine[] {
    return this.stderr.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as LogLine] : []));
  }

  /** Waits for a log line whose message matches; fails with the log when the program ends first, or after a while. */
  async logged(pattern: RegExp, times = 1): Promise<LogLine> {
    let hasEnded = false;
    void this.ended.then(() => {
      hasEnded = true;
    });
    const found = (): LogLine[] => this.lines.filter(({ msg }) => pattern.test(msg));
    const wait = until(() => found().length >= times || hasEnded);
    await wait.catch(() => undefined);
    const line = found()[times - 1];
    if (line === undefined) throw new Error(`no ${pattern} in the log:\n${this.stderr}`);
    return line;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | string> {
    this.signal("SIGTERM");
    return this.ended;
  }

  /** Ends the process, if it runs, and removes the folder. */
  async dispose(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
    if (this.#ownsDirectory)
      await rm(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Where a running Signalbox can be reached, in the form of URLs. */
export interface Addresses {
  readonly http: string;
  readonly grpc: string;
  readonly metrics: string;
}

/** Waits until a Signalbox is ready and says where it listens. */
export async function ready(program: Program): Promise<Addresses> {
  await program.logged(/^metrics: /);
  const { http, grpc } = await program.logged(/^OTLP receiver listens$/);
  const metrics = (await program.logged(/^metrics: /)).msg.slice("metrics: ".length);
  return { http: `http://${http}`, grpc: `http://${grpc}`, metrics };
}

/** Arguments that run the default configuration on free ports, with a ClickHouse that runs already. */
export function defaultConfigWith(clickhouse: { url: string; database: string }, ...sets: string[]): string[] {
  return [
    ...["--config", projectPath("pipeline.yaml")],
    ...[...freePorts, "service.extensions=[api, health_check]", ...sets].flatMap((set) => ["--set", set]),
    ...["--set", `exporters.clickhouse.endpoint=${clickhouse.url}`],
    ...["--set", `exporters.clickhouse.database=${clickhouse.database}`],
  ];
}

/** Settings that let the system choose the ports of everything but ClickHouse. */
export const freePorts: readonly string[] = [
  "receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0",
  "receivers.otlp.protocols.http.endpoint=127.0.0.1:0",
  "extensions.health_check.endpoint=127.0.0.1:0",
  "extensions.api.endpoint=127.0.0.1:0",
  "service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: " +
    "{port: 0, without_scope_info: true, without_type_suffix: true, without_units: true}}}}]",
];

/** Values of a Prometheus page. */
export class Scraped {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  }

  /** Sum of all series of `otelcol_<name>`; 0 when there is none. */
  sum(name: string): number {
    return this.#lines
      .filter((line) => /^\w+/.exec(line)?.[0] === `otelcol_${name}`)
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }
}

export async function scrape(url: string): Promise<Scraped> {
  const answer = await fetch(url);
  return new Scraped(await answer.text());
}

/** Resident memory of a process in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}
