import { grouped } from "../grouped.ts";
import type { Reader } from "../reader.ts";
import { newestTags } from "../tags.ts";
import { countedRows, exactRows, numbersOf, sessionOf, type TraceNumbers, type TraceRow } from "./read.ts";
import { foldedTraces, type RollUpRow, totalRowsStatement } from "./roll-up.ts";
import { rowsOfKeys, type TraceScope } from "./statements.ts";

/** What is added up of the traces of a session. */
export interface TraceTotals extends TraceNumbers, Pick<TraceRow, "traceId" | "errorCount" | "said"> {
  /** Null for none. */
  readonly session: string | null;
}

/**
 * Numbers of traces, those of dirty ones counted from their spans. Hashes, which are a third of a row, are read of the few
 * traces alone that have several rows.
 */
export async function totalsOfTraces(reader: Reader, scope: TraceScope): Promise<readonly TraceTotals[]> {
  const { project } = scope;
  const rows = await reader.rows<RollUpRow>(totalRowsStatement(scope));
  const { traces, uncounted } = foldedTraces(rows);
  const dirty = traces.filter((row) => Boolean(row.dirty));
  const ofSeveralRows = new Set(uncounted);
  const severalRows = rows.filter(({ traceId }) => ofSeveralRows.has(traceId));
  const places = grouped(severalRows, ({ hour, traceId }) => `${hour} ${traceId}`);
  const keys = [...places.values()].map(([row]) => [row!.hour, row!.traceId] as const);
  const [others, counted] = await Promise.all([
    keys.length === 0 ? [] : exactRows(reader, { ...scope, rows: [rowsOfKeys(keys)] }),
    dirty.length === 0 ? [] : countedRows(reader, project, dirty),
  ]);
  return [...traces.filter((row) => !row.dirty), ...others, ...counted].map((row) => {
    const { traceId, errorCount, said } = row;
    return { traceId, errorCount, said, session: sessionOf(row), ...numbersOf(row, newestTags(said)) };
  });
}
