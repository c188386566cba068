import { waitingMark } from "../../../exporters/clickhouse/schema/roll-up-rows.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import type { Tags } from "../read/tags.ts";
import type { Nanos } from "../read/times.ts";
import type { SpanContext } from "../spans/span-tags.ts";
import type { RowWriter } from "../writer.ts";
import {
  sessionRow,
  type TaggedSession,
  type TaggedTrace,
  taggedSessionRow,
  taggedTraceRow,
  traceRow,
  waitingTagsRow,
} from "./entity-rows.ts";
import { SaidBefore } from "./said-before.ts";
import type { SentSession } from "./session-reader.ts";
import type { SentTrace } from "./trace-reader.ts";
import { nextVersion } from "./versions.ts";

type Row = Record<string, unknown>;
type Insert = (rows: readonly Row[]) => Promise<void>;

/** Names of the roll-ups. */
export interface EntityTables {
  readonly traces: string;
  readonly sessions: string;
}

/** Writes what is said of traces and sessions; their numbers come from the spans. */
export class EntityWriter {
  readonly #writer: RowWriter;
  readonly #tables: EntityTables;
  readonly #traces: SaidBefore;
  readonly #sessions: SaidBefore;
  readonly #waiting: SaidBefore;

  /** @param remembered traces, and sessions, of which is known what tags they have */
  constructor(writer: RowWriter, tables: EntityTables, remembered: number) {
    this.#writer = writer;
    this.#tables = tables;
    this.#traces = new SaidBefore(remembered);
    this.#sessions = new SaidBefore(remembered);
    this.#waiting = new SaidBefore(remembered);
  }

  /**
   * Writes the tags that spans give to their trace and session, once for all spans that say the same.
   *
   * @param project as stored
   */
  async writeTags(contexts: readonly SpanContext[], batch: SpanBatch, project: string): Promise<void> {
    if (contexts.length === 0) return;
    const traces = new Map<string, TaggedTrace>();
    const sessions = new Map<string, TaggedSession>();
    for (const { row, sessionId, traceTags, sessionTags } of contexts) {
      const start = startOf(batch, row);
      if (traceTags !== undefined) {
        const traceId = Buffer.from(batch.traceId.subarray(16 * row, 16 * row + 16)).toString("hex");
        const known = traces.get(traceId);
        traces.set(traceId, { traceId, start, tags: joined(known?.tags, traceTags) });
      }
      if (sessionTags !== undefined && sessionId !== "") {
        const known = sessions.get(sessionId);
        sessions.set(sessionId, { sessionId, tags: joined(known?.tags, sessionTags) });
      }
    }
    await Promise.all([
      this.#write(
        this.#into(this.#tables.traces),
        this.#traces,
        traces,
        (trace) => taggedTraceRow(trace, project, nextVersion()),
        project,
      ),
      this.#writeSessionTags(sessions, project),
    ]);
  }

  /** Writes tags of sessions that spans have named through their traces alone. @param project as stored */
  writeSessionTags(tagged: readonly TaggedSession[], project: string): Promise<void> {
    const sessions = new Map<string, TaggedSession>();
    for (const { sessionId, tags } of tagged) {
      sessions.set(sessionId, { sessionId, tags: joined(sessions.get(sessionId)?.tags, tags) });
    }
    return this.#writeSessionTags(sessions, project);
  }

  /** Keeps tags of sessions with traces that do not know theirs yet. @param project as stored */
  async writeWaitingTags(tagged: readonly TaggedTrace[], project: string): Promise<void> {
    const traces = new Map<string, TaggedTrace>();
    for (const trace of tagged) {
      traces.set(trace.traceId, { ...trace, tags: joined(traces.get(trace.traceId)?.tags, trace.tags) });
    }
    const rowOf = (trace: TaggedTrace) => waitingTagsRow(trace, project, nextVersion());
    const insert = async (rows: readonly Row[]) => {
      const mark = { sessionId: waitingMark, tags: new Map() };
      await this.#writer.insert(this.#tables.sessions, [taggedSessionRow(mark, project, 0)]);
      await this.#writer.insert(this.#tables.traces, rows);
    };
    await this.#write(insert, this.#waiting, traces, rowOf, project);
  }

  #writeSessionTags(sessions: ReadonlyMap<string, TaggedSession>, project: string): Promise<void> {
    const rowOf = (session: TaggedSession) => taggedSessionRow(session, project, nextVersion());
    return this.#write(this.#into(this.#tables.sessions), this.#sessions, sessions, rowOf, project);
  }

  /** @param project as stored */
  writeTraces(traces: readonly SentTrace[], project: string): Promise<void> {
    const rows = traces.map((trace) => traceRow(trace, project, nextVersion()));
    return this.#writer.insert(this.#tables.traces, rows);
  }

  /** @param project as stored */
  writeSessions(sessions: readonly SentSession[], project: string): Promise<void> {
    const rows = sessions.map((session) => sessionRow(session, project, nextVersion()));
    return this.#writer.insert(this.#tables.sessions, rows);
  }

  #into(table: string): Insert {
    return (rows) => this.#writer.insert(table, rows);
  }

  async #write<T extends { readonly tags: Tags }>(
    insert: Insert,
    before: SaidBefore,
    entities: ReadonlyMap<string, T>,
    rowOf: (entity: T) => Row,
    project: string,
  ): Promise<void> {
    const pending: Promise<void>[] = [];
    const fresh: [string, string, T][] = [];
    for (const [id, entity] of entities) {
      const said = JSON.stringify([...entity.tags].sort(([one], [other]) => (one < other ? -1 : 1)));
      const key = `${project} ${id}`;
      const stored = before.stored(key, said);
      if (stored === undefined) fresh.push([key, said, entity]);
      else pending.push(stored);
    }
    if (fresh.length > 0) {
      const stored = insert(fresh.map(([, , entity]) => rowOf(entity)));
      for (const [key, said] of fresh) before.remember(key, said, stored);
      pending.push(stored);
    }
    await Promise.all(pending);
  }
}

/** When the span of a row began. */
export function startOf({ startTimeUnixNano }: SpanBatch, row: number): Nanos {
  return { low: startTimeUnixNano[2 * row]!, high: startTimeUnixNano[2 * row + 1]! };
}

function joined(before: Tags | undefined, after: Tags): Tags {
  return before === undefined ? after : new Map([...before, ...after]);
}
