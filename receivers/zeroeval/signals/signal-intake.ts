import { randomBytes } from "node:crypto";
import type { Caller } from "../../../extensions/api/auth/caller.ts";
import { requireWorkspace } from "../../../extensions/api/auth/guard.ts";
import { parseJson } from "../../../extensions/api/http/body.ts";
import { ApiError, badRequest, type Problem } from "../../../extensions/api/http/errors.ts";
import { storedProjectId } from "../../../pipeline/ids.ts";
import type { ZeroevalConfig } from "../config.ts";
import { Fields } from "../read/fields.ts";
import { Problems } from "../read/problems.ts";
import type { RowWriter } from "../writer.ts";
import { categoryOf, readEntitySignal, readWorkspaceSignal, type SentSignal } from "./signal-reader.ts";
import { signalRows, uuidOfSignal } from "./signal-rows.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** Takes signals that come by themselves. What they are of need not exist yet. */
export class SignalIntake {
  readonly #config: ZeroevalConfig;
  readonly #writer: RowWriter;
  readonly #table: string;

  /** @param table of signals */
  constructor(config: ZeroevalConfig, writer: RowWriter, table: string) {
    this.#config = config;
    this.#writer = writer;
    this.#table = table;
  }

  /** POST /workspaces/{workspace_id}/signals. @throws {ApiError} 400, 404 */
  async ofWorkspace(workspace: string, body: Buffer, caller: Caller): Promise<object> {
    requireWorkspace(caller, workspace);
    const signal = this.#one(body, readWorkspaceSignal);
    const arrived = new Date();
    const [id] = await this.#store([signal], caller, arrived);
    const target = (type: string): string | null => signal.targets.find((one) => one.type === type)?.id ?? null;
    const type = categoryOf(signal.value);
    return {
      id,
      name: signal.name,
      value: signal.value,
      type,
      signal_type: type,
      completion_id: target("completion"),
      span_id: target("span"),
      trace_id: target("trace"),
      session_id: target("session"),
      workspace_id: caller.workspaceId,
      project_id: caller.projectId,
      created_at: arrived.toISOString(),
    };
  }

  /** POST /signals. @throws {ApiError} 400 */
  async ofEntity(body: Buffer, caller: Caller): Promise<object> {
    const signal = this.#one(body, readEntitySignal);
    const [id] = await this.#store([signal], caller, new Date());
    return { status: "success", message: "signal stored", id };
  }

  /** POST /signals/bulk: mistakes in some do not fail the others. @throws {ApiError} 400 when all fail */
  async bulk(body: Buffer, caller: Caller): Promise<object> {
    const parsed = parseJson(body) as { readonly signals?: unknown } | null;
    const items = typeof parsed === "object" ? parsed?.signals : undefined;
    if (!Array.isArray(items)) {
      throw badRequest([{ loc: ["body", "signals"], msg: "must be an array", type: "invalid_type" }]);
    }
    const { max_signals_per_request: max } = this.#config;
    if (items.length > max) {
      const msg = `has ${items.length} signals, more than max_signals_per_request ${max}`;
      throw badRequest([{ loc: ["body", "signals"], msg, type: "out_of_range" }]);
    }
    const signals: SentSignal[] = [];
    const errors: object[] = [];
    for (const [index, item] of items.entries()) {
      const read = readItem(item, index);
      if ("targets" in read) signals.push(read);
      else errors.push(errorOf(item, index, read));
    }
    const counters = { processed_count: signals.length, failed_count: errors.length, errors };
    if (errors.length > 0 && signals.length === 0) {
      const message = "no signal could be stored";
      throw new ApiError(400, message, { more: { status: "error", message, ...counters } });
    }
    await this.#store(signals, caller, new Date());
    const status = errors.length === 0 ? "success" : "partial";
    return { status, message: `${signals.length} of ${items.length} signals stored`, ...counters };
  }

  #one(body: Buffer, read: (fields: Fields) => SentSignal | undefined): SentSignal {
    const parsed = parseJson(body);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
      throw badRequest([{ loc: ["body"], msg: "must be an object", type: "invalid_type" }]);
    }
    const problems = new Problems(this.#config.max_listed_problems);
    const fields = new Fields(problems);
    fields.beginBody(parsed as JsonObject);
    const signal = read(fields);
    problems.throwAny();
    return signal!;
  }

  /** @returns the ids of the signals */
  async #store(signals: readonly SentSignal[], caller: Caller, arrived: Date): Promise<readonly string[]> {
    const project = storedProjectId(caller.projectId);
    const ids = signals.map(() => randomBytes(16).toString("hex"));
    const rows = signals.flatMap((signal, i) => signalRows(signal, ids[i]!, project, arrived));
    await this.#writer.insert(this.#table, rows as Record<string, unknown>[]);
    return ids.map(uuidOfSignal);
  }
}

/** The most that is said of one bad signal. */
const maxProblemsPerSignal = 10;

function readItem(item: unknown, index: number): SentSignal | readonly Problem[] {
  const problems = new Problems(maxProblemsPerSignal);
  const fields = new Fields(problems);
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    return [{ loc: ["body", "signals", index], msg: "must be an object", type: "invalid_type" }];
  }
  fields.beginBody(item as JsonObject, ["body", "signals", index]);
  return readEntitySignal(fields) ?? problems.listed;
}

function errorOf(item: unknown, index: number, problems: readonly Problem[]): object {
  const sent = (typeof item === "object" && item !== null ? item : {}) as JsonObject;
  return {
    index,
    entity_type: sent["entity_type"] ?? null,
    entity_id: sent["entity_id"] ?? null,
    signal_name: sent["name"] ?? null,
    error: problems.map(({ loc, msg }) => `${loc.slice(3).join(".")} ${msg}`.trim()).join("; "),
  };
}
