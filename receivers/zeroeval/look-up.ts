import { storedProjectId, storedSpanId, storedTraceId } from "../../pipeline/ids.ts";
import type { Reader } from "../../query/reader.ts";
import { readSessions } from "../../query/sessions/read.ts";
import { currentSignals, type SignalRow, valuesByEntity } from "../../query/signals/rows.ts";
import { readSpans } from "../../query/spans/read.ts";
import { readTraces } from "../../query/spans/surroundings.ts";
import { getTrace } from "../../query/traces/read.ts";
import type { SpanIds } from "./spans/span-ids.ts";

type Found = readonly (object | undefined)[];

/** Reads back what was written, joined with what was there before, for answers. Ids are UUIDs. */
export class LookUp {
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  spans(project: string, ids: readonly SpanIds[]): Promise<Found> {
    const stored = ids.map(({ trace, id }) => ({ traceId: storedTraceId(trace), spanId: storedSpanId(id) }));
    return readSpans(this.#reader, storedProjectId(project), stored);
  }

  /** The sessions that traces have named first, by stored trace ids. @param traceIds as stored */
  async sessionsOfTraces(project: string, traceIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const traces = await readTraces({ project: storedProjectId(project), reader: this.#reader }, traceIds);
    return new Map(traces.flatMap(({ TraceId, SessionId }) => (SessionId === "" ? [] : [[TraceId, SessionId]])));
  }

  async traces(project: string, ids: readonly string[]): Promise<Found> {
    const stored = storedProjectId(project);
    const [traces, signals] = await Promise.all([
      Promise.all(ids.map((id) => getTrace(this.#reader, stored, id))),
      this.#signals(stored, "trace", ids.map(storedTraceId)),
    ]);
    return traces.map((trace) => trace && { ...trace, signals: signals.get(storedTraceId(trace.id)) ?? {} });
  }

  async sessions(project: string, ids: readonly string[]): Promise<Found> {
    const stored = storedProjectId(project);
    const [sessions, signals] = await Promise.all([
      readSessions(
        this.#reader,
        stored,
        ids.map((sessionId) => ({ sessionId })),
      ),
      this.#signals(stored, "session", ids),
    ]);
    return ids.map((id) => {
      const session = sessions.find((one) => one.id === id);
      return session && { ...session, signals: signals.get(id) ?? {} };
    });
  }

  async #signals(project: string, type: "trace" | "session", ids: readonly string[]) {
    const { tables } = this.#reader;
    return valuesByEntity(await this.#reader.rows<SignalRow>(currentSignals({ project, tables }, type, ids)));
  }
}
