import { type SettledTables, settledTables } from "../../exporters/clickhouse/schema/settled.ts";
import type { Reader, StoreTables } from "../reader.ts";
import { nothing, ofProject, param, raw, type Statement, sql, statementOf } from "../sql.ts";
import { countColumns } from "./hours.ts";
import { type FromServer, fromServer, type PartitionParts, partsOf } from "./parts.ts";
import type { HourCounts } from "./settlement.ts";
import { UnchangedRows } from "./unchanged-rows.ts";

interface CountedDay {
  readonly parts: string;
  readonly hours: readonly CountedHour[];
}

/** What the roll-up counts of an hour, and when its rows came: milliseconds since the epoch. */
export interface CountedHour extends HourCounts {
  readonly first: number;
  readonly last: number;
}

type HourOfDay = CountedHour & { readonly Day: string };
/** One member per hour, in one order: tuples come as objects from some servers. */
interface CountedRow extends FromServer {
  readonly Days: readonly string[];
  readonly Ats: readonly number[];
  readonly Counts: readonly number[];
  readonly Saids: readonly number[];
  readonly TagCounts: readonly number[];
  readonly Firsts: readonly number[];
  readonly Lasts: readonly number[];
}

/** Rows that are made in the background. */
interface SettledRows {
  readonly table: keyof SettledTables;
  /** Of rows of this table alone, with the column `fromServer`. */
  readonly statement: Statement;
}

/** What lists begin with. */
export interface CountedStretches<Row> {
  readonly hours: readonly CountedHour[];
  readonly stretches: readonly Row[];
  /** All of which was looked at. */
  readonly parts: readonly PartitionParts[];
  /** Other rows, which are not asked for again while their table has these parts. */
  readonly remembered: <Kept extends FromServer>(rows: SettledRows) => Promise<readonly Kept[]>;
}

const tableNames = settledTables((name) => name);

/** Projects of which hours are remembered. No option: of others, all rows are counted, and the answer is the same. */
const mostProjects = 100;

/**
 * What the roll-up of traces counts of all hours of a project. To count all rows each time would take the longer the more there
 * are, so days of which the server has the same parts as the last time are not counted again (a partition is a day).
 */
export class CountedHours {
  readonly #projects = new Map<string, ReadonlyMap<string, CountedDay>>();
  readonly #unchanged = new UnchangedRows();

  /** Beside the hours, rows of what is made of them. */
  async withStretches<Row extends FromServer>(
    reader: Reader,
    { project, ...ofStretches }: SettledRows & { readonly project: string },
  ): Promise<CountedStretches<Row>> {
    const parts = await partsOf(reader);
    const remembered = <Kept extends FromServer>({ table, statement }: SettledRows): Promise<readonly Kept[]> => {
      const ofTable = parts.filter(({ Table }) => Table === tableNames[table]);
      return this.#unchanged.of<Kept>(reader, statement, ofTable);
    };
    const [hours, stretches] = await Promise.all([this.#of(reader, project, parts), remembered<Row>(ofStretches)]);
    return { hours, stretches, parts, remembered };
  }

  async #of(reader: Reader, project: string, all: readonly PartitionParts[]): Promise<readonly CountedHour[]> {
    const parts = all.filter(({ Table }) => Table === reader.tables.rollUps.traces);
    if (parts.length === 0) return (await count(reader, project)).hours;
    const known = this.#projects.get(project);
    const changed = parts.filter(({ Partition, Parts }) => known?.get(Partition)?.parts !== Parts);
    if (changed.length === 0) return hoursOf(parts, known!);
    const days = changed.map(({ Partition }) => Partition);
    const { hours, server } = await count(reader, project, days);
    if (server !== parts[0]!.Server) return (await count(reader, project)).hours;
    const counted = new Map(known);
    for (const { Partition, Parts } of changed) {
      counted.set(Partition, { parts: Parts, hours: hours.filter((one) => one.Day === Partition) });
    }
    this.#remember(project, new Map(parts.map(({ Partition }) => [Partition, counted.get(Partition)!])));
    return hoursOf(parts, counted);
  }

  #remember(project: string, days: ReadonlyMap<string, CountedDay>): void {
    if (this.#projects.size >= mostProjects && !this.#projects.has(project)) this.#projects.clear();
    this.#projects.set(project, days);
  }
}

function hoursOf(parts: readonly PartitionParts[], days: ReadonlyMap<string, CountedDay>): readonly CountedHour[] {
  return parts.flatMap(({ Partition }) => days.get(Partition)!.hours);
}

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

/** What the roll-up counts per hour, in one row with the server's name. @param days ids of partitions; left out: all */
export function hourCountsStatement(project: string, { traces }: StoreTables, days?: readonly string[]): Statement {
  const ofDays = days === undefined ? nothing : sql` AND _partition_id IN ${param("Array(String)", days)}`;
  return statementOf(sql`SELECT groupArray(Day) AS Days, groupArray(At) AS Ats, groupArray(Rows) AS Counts, groupArray(Said) AS Saids, groupArray(Tagged) AS TagCounts,
  groupArray(First) AS Firsts, groupArray(Last) AS Lasts, ${fromServer}
FROM (
  SELECT _partition_id AS Day, toUnixTimestamp(Hour) AS At, ${raw(countColumns)},
    toUnixTimestamp64Milli(min(CreatedAt)) AS First, toUnixTimestamp64Milli(max(UpdatedAt)) AS Last
  FROM ${raw(traces)}
  WHERE ${ofProject(project)}${ofDays}
  GROUP BY Day, Hour
)`);
}
