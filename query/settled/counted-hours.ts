import { ClickHouseError } from "@clickhouse/client";
import type { Reader, StoreTables } from "../reader.ts";
import { nothing, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { countColumns } from "./hours.ts";
import type { HourCounts } from "./settlement.ts";

/** A day of the roll-up of traces on the server that was asked: as long as its parts are the same, so are its rows. */
interface DayParts {
  readonly Day: string;
  readonly Parts: string;
  /** The server, as it calls itself. */
  readonly Server: string;
}

interface CountedDay {
  readonly parts: string;
  readonly hours: readonly CountedHour[];
}

/** What the roll-up counts of an hour, and when its rows came: milliseconds since the epoch. */
export interface CountedHour extends HourCounts {
  readonly first: number;
  readonly last: number;
}

type HourOfDay = CountedHour & Pick<DayParts, "Day">;
/** One member per hour, in one order: tuples come as objects from some servers. */
interface CountedRow extends Pick<DayParts, "Server"> {
  readonly Days: readonly string[];
  readonly Ats: readonly number[];
  readonly Counts: readonly number[];
  readonly Saids: readonly number[];
  readonly TagCounts: readonly number[];
  readonly Firsts: readonly number[];
  readonly Lasts: readonly number[];
}

/** Projects of which hours are remembered. No option: of others, all rows are counted, and the answer is the same. */
const mostProjects = 100;

/**
 * What the roll-up of traces counts of all hours of a project. To count all rows each time would take the longer the more there
 * are, so days of which the server has the same parts as the last time are not counted again.
 */
export class CountedHours {
  readonly #projects = new Map<string, ReadonlyMap<string, CountedDay>>();

  async of(reader: Reader, project: string): Promise<readonly CountedHour[]> {
    const parts = await partsOf(reader);
    // None where the table is not one of this server's own, or may not be looked into.
    if (parts.length === 0) return (await count(reader, project)).hours;
    const known = this.#projects.get(project);
    const changed = parts.filter(({ Day, Parts }) => known?.get(Day)?.parts !== Parts);
    if (changed.length === 0) return hoursOf(parts, known!);
    const days = changed.map(({ Day }) => Day);
    const { hours, server } = await count(reader, project, days);
    // Another server may have other rows in parts of other names.
    if (server !== parts[0]!.Server) return (await count(reader, project)).hours;
    const counted = new Map(known);
    for (const { Day, Parts } of changed) {
      counted.set(Day, { parts: Parts, hours: hours.filter((one) => one.Day === Day) });
    }
    this.#remember(project, new Map(parts.map(({ Day }) => [Day, counted.get(Day)!])));
    return hoursOf(parts, counted);
  }

  #remember(project: string, days: ReadonlyMap<string, CountedDay>): void {
    if (this.#projects.size >= mostProjects && !this.#projects.has(project)) this.#projects.clear();
    this.#projects.set(project, days);
  }
}

function hoursOf(parts: readonly DayParts[], days: ReadonlyMap<string, CountedDay>): readonly CountedHour[] {
  return parts.flatMap(({ Day }) => days.get(Day)!.hours);
}

async function partsOf(reader: Reader): Promise<readonly DayParts[]> {
  try {
    return await reader.rows<DayParts>(dayPartsStatement(reader.tables));
  } catch (error) {
    if (error instanceof ClickHouseError && error.code === accessDenied) return [];
    throw error;
  }
}

/** A user that may read tables need not be let into those of the system. */
const accessDenied = "497";

async function count(
  reader: Reader,
  project: string,
  days?: readonly string[],
): Promise<{ readonly hours: readonly HourOfDay[]; readonly server: string }> {
  const statement = hourCountsStatement(project, reader.tables, days);
  const [row] = await reader.rows<CountedRow>(statement);
  if (row === undefined) return { hours: [], server: "" };
  const { Days, Ats, Counts, Saids, TagCounts, Firsts, Lasts, Server } = row;
  const hours = Days.map((Day, index) => {
    const counts = { At: Ats[index]!, Rows: Counts[index]!, Said: Saids[index]!, Tagged: TagCounts[index]! };
    return { Day, ...counts, first: Firsts[index]!, last: Lasts[index]! };
  });
  return { hours, server: Server };
}

/** Which parts the days of the roll-up have. */
export function dayPartsStatement({ tracesName: { database, table } }: StoreTables): Statement {
  return statementOf(sql`SELECT partition_id AS Day, toString(groupBitXor(sipHash64(name))) AS Parts, toString(serverUUID()) AS Server
FROM system.parts
WHERE active AND database = ${param("String", database)} AND table = ${param("String", table)}
GROUP BY partition_id`);
}

/** What the roll-up counts per hour, in one row with the server's name. @param days ids of partitions; left out: all */
export function hourCountsStatement(project: string, { traces }: StoreTables, days?: readonly string[]): Statement {
  const ofDays = days === undefined ? nothing : sql` AND _partition_id IN ${param("Array(String)", days)}`;
  return statementOf(sql`SELECT groupArray(Day) AS Days, groupArray(At) AS Ats, groupArray(Rows) AS Counts, groupArray(Said) AS Saids, groupArray(Tagged) AS TagCounts,
  groupArray(First) AS Firsts, groupArray(Last) AS Lasts, toString(serverUUID()) AS Server
FROM (
  SELECT _partition_id AS Day, toUnixTimestamp(Hour) AS At, ${raw(countColumns)},
    toUnixTimestamp64Milli(min(CreatedAt)) AS First, toUnixTimestamp64Milli(max(UpdatedAt)) AS Last
  FROM ${raw(traces)}
  WHERE ${ofProject(project)}${ofDays}
  GROUP BY Day, Hour
)`);
}
