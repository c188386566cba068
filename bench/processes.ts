import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";
import type { LoadOptions, LoadResult } from "./generator.ts";

const ticksPerSecond = 100;

/** CPU seconds that a process has used so far, as Linux counts them. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Largest resident memory that a process has had, in megabytes (10^6 bytes). */
export function peakRssMegabytesOf(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
}

/** A Signalbox in a process of its own. */
export interface SignalboxProcess {
  readonly pid: number;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly metricsPort: number;
  /** Of the extension api, which only the pipeline `api` has. */
  readonly apiPort: number;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** What is put before the exporter: `batch` alone, or what the default configuration has; with `api`, behind the API too. */
export type Pipeline = "batch" | "default" | "api";

/** Starts the built program with an otlp receiver and the ClickHouse exporter, and waits until it listens. */
export async function startSignalbox(
  clickhouse: { url: string; database: string },
  acknowledge: "received" | "stored",
  pipeline: Pipeline = "batch",
): Promise<SignalboxProcess> {
  const [httpPort, grpcPort, metricsPort, apiPort] = await Promise.all([1, 2, 3, 4].map(freePort));
  const directory = await mkdtemp(join(tmpdir(), "signalbox-bench-"));
  const file = join(directory, "pipeline.yaml");
  const receivers = pipeline === "api" ? "otlp, zeroeval" : "otlp";
  await writeFile(
    file,
    `receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:${grpcPort}" }
      http: { endpoint: "127.0.0.1:${httpPort}" }
${pipeline === "api" ? "  zeroeval:" : ""}
${pipeline === "batch" ? "processors:\n  batch:" : ""}
${pipeline === "api" ? `extensions:\n  api: { endpoint: "127.0.0.1:${apiPort}" }` : ""}
exporters:
  clickhouse:
    endpoint: ${clickhouse.url}
    database: ${clickhouse.database}
    dead_letter: { directory: "${directory}/dead-letter" }

service:
  extensions: [${pipeline === "api" ? "api" : ""}]
  acknowledge: ${acknowledge}
  telemetry:
    logs: { level: warn }
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${metricsPort} } } } }] }
  pipelines:
    traces: { receivers: [${receivers}]${pipeline === "batch" ? ", processors: [batch]" : ""}, exporters: [clickhouse] }
${pipeline === "batch" ? "" : `    logs: { receivers: [${receivers}] }`}
`,
  );
  const program = fileURLToPath(new URL("../bin/signalbox.js", import.meta.url));
  const base = pipeline !== "batch" ? ["--config", fileURLToPath(new URL("../../pipeline.yaml", import.meta.url))] : [];
  const child = spawn(process.execPath, ["--single-threaded-gc", program, ...base, "--config", file], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await untilReady(child, httpPort!);
  return {
    pid: child.pid!,
    httpPort: httpPort!,
    grpcPort: grpcPort!,
    metricsPort: metricsPort!,
    apiPort: apiPort!,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await once(child, "exit");
      }
      await rm(directory, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

async function untilReady(child: ChildProcess, httpPort: number): Promise<void> {
  for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
    // The receiver starts last; that it answers a GET with 405 is enough.
    const response = await fetch(`http://127.0.0.1:${httpPort}/v1/traces`).catch(() => undefined);
    if (response !== undefined) return;
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new Error("signalbox did not become ready");
}

/** A load in a process of its own, that has made what it will send. */
export interface PreparedLoad {
  run(): Promise<LoadResult>;
}

/** Starts the process, and waits until it could send. */
export async function prepareLoad(options: LoadOptions): Promise<PreparedLoad> {
  const generator = fileURLToPath(new URL("./generator.js", import.meta.url));
  const child = spawn(process.execPath, [generator, "--load", JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    run: async () => {
      child.stdin.end("go");
      const { value } = await lines.next();
      return JSON.parse(String(value)) as LoadResult;
    },
  };
}
