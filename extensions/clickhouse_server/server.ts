import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { ListenEndpoint } from "../../config/listen-endpoint.ts";
import { childScript } from "./child.ts";
import type { EngineLibrary } from "./library.ts";
import { untilAnswering } from "./listen.ts";
import { forgetLostBlocks, type LostBlock } from "./lost-blocks.ts";
import { OutputTail } from "./output-tail.ts";
import type { ServerPaths } from "./server-config.ts";

export interface ServerOptions {
  readonly library: EngineLibrary;
  readonly paths: ServerPaths;
  readonly http: ListenEndpoint;
  readonly tcp: ListenEndpoint | undefined;
  readonly onOutput: (line: string) => void;
}

/** Another process holds the data directory. */
export class DirectoryLockedError extends Error {
  override readonly name = "DirectoryLockedError";
}

/** One life of the server process, from its start to its end. */
export class ServerProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #options: ServerOptions;
  readonly #output: OutputTail;
  /** Says how the process ended, once it has. Never rejects. */
  readonly ended: Promise<string>;
  /** Blocks that the server before this one noted as stored and did not store; this one takes them again. */
  readonly lostBlocks: readonly LostBlock[];

  /**
   * Puts the store right after a kill and starts the process. The configuration file and the data's parent folder exist.
   *
   * @throws {Error} a file of the store cannot be read or cut
   */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    return new ServerProcess(options, await forgetLostBlocks(options.library.ffiPath, options.paths.data));
  }

  private constructor(options: ServerOptions, lostBlocks: readonly LostBlock[]) {
    this.#options = options;
    this.lostBlocks = lostBlocks;
    this.#output = new OutputTail(options.onOutput);
    this.#child = spawnServer(options);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => this.#output.push(chunk));
    }
    // The pipe breaks when the process dies; `ended` tells of that.
    this.#child.stdin.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(`cannot be started: ${error.message}`));
      this.#child.once("close", (code, signal) => resolve(endText(code, signal)));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What it printed last. */
  get lastOutput(): string {
    return this.#output.text;
  }

  /**
   * Resolves when the server answers.
   *
   * @throws {DirectoryLockedError} another server works on the directory
   * @throws {Error} the process ended, or `timeoutMs` passed, or `signal` aborted; then it has been killed
   */
  async ready(timeoutMs: number, signal: AbortSignal): Promise<void> {
    // Not AbortSignal.any, whose timeouts Node 20 forgets (pipeline/with-timeout.ts).
    const limit = new AbortController();
    const abort = (): void => limit.abort();
    const timer = setTimeout(abort, timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    try {
      const end = await Promise.race([this.ended, untilAnswering(this.#options.http, limit.signal)]);
      if (end !== undefined) throw this.#startError(end);
    } catch (error) {
      this.kill();
      if (!limit.signal.aborted) throw error;
      const reason = signal.aborted ? "was shut down while it started" : `did not answer within ${timeoutMs} ms`;
      throw new Error(`the embedded server ${reason}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      abort();
    }
  }

  /** Ends the process in order; kills it after `timeoutMs` or when `deadline` aborts. Resolves when it is gone. */
  async stop(timeoutMs: number, deadline: AbortSignal): Promise<void> {
    const kill = (): void => this.kill();
    const timer = setTimeout(kill, timeoutMs);
    deadline.addEventListener("abort", kill, { once: true });
    if (deadline.aborted) kill();
    this.#child.stdin.end();
    await this.ended;
    clearTimeout(timer);
    deadline.removeEventListener("abort", kill);
  }

  /** Ends the process at once, like a crash. MergeTree tables stand it. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #startError(end: string): Error {
    const { paths } = this.#options;
    if (this.lastOutput.includes("Cannot lock file")) {
      return new DirectoryLockedError(`directory ${paths.data} is in use by another ClickHouse server (code 76)`);
    }
    // The engine prints what is wrong with a directory or a port, but nothing for a server setting it cannot read.
    const words = this.lastOutput || `it printed nothing; check the server settings in ${paths.config}`;
    return new Error(`the embedded server ${end} while it started: ${words}`);
  }
}

/**
 * For the engine's allocator, which by default gives memory back to the system that inserts and merges ask for again at once:
 * a fifth of the server's CPU was pages being cleared (bench/README.md). Kept for a minute, buffers of 64 MiB and more like all
 * others, in huge pages. Whoever sets the variable himself has the last word.
 *
 * @see https://jemalloc.net/jemalloc.3.html
 */
const allocatorSettings = "dirty_decay_ms:60000,oversize_threshold:0,thp:always,metadata_thp:always";

function spawnServer(options: ServerOptions): ChildProcessWithoutNullStreams {
  // A NODE_OPTIONS meant for Signalbox, such as --import or --inspect, must not reach into this process.
  const { NODE_OPTIONS: _, ...env } = process.env;
  return spawn(process.execPath, nodeArguments(options), {
    env: { JE_MALLOC_CONF: allocatorSettings, ...env, TZ: "UTC" },
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C must reach Signalbox alone, which first stores what it holds.
    detached: true,
    windowsHide: true,
  });
}

/** Arguments for Node: `clickhouse local` that listens until its standard input ends, at the latest when we die. */
export function nodeArguments({ library, paths, http, tcp }: ServerOptions): string[] {
  const listen = ["SYSTEM START LISTEN HTTP", ...(tcp === undefined ? [] : ["SYSTEM START LISTEN TCP"])];
  return [
    ...["--title=signalbox-clickhouse", "--eval", childScript, "--", library.ffiPath, library.enginePath],
    `--config-file=${paths.config}`,
    `--path=${paths.data}`,
    `--listen_host=${http.host}`,
    `--http_port=${http.port}`,
    ...(tcp === undefined ? [] : [`--tcp_port=${tcp.port}`]),
    `--query=${[...listen, "SELECT count() FROM file('-', LineAsString)"].join("; ")}`,
  ];
}

function endText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
