import { describe, expect, test } from "vitest";
import { clickhouseConfigSchema } from "../../../exporters/clickhouse/config.ts";
import { promptTable, promptVersionTable, recordTables } from "../../../exporters/clickhouse/schema/records.ts";
import { ddlOf } from "../../../exporters/clickhouse/schema/sql.ts";
import type { Statement } from "../../../query/sql.ts";
import { sql } from "../../../query/sql.ts";
import { choiceCounts } from "../../../records/ab/tests.ts";
import { recordsSchema } from "../../../records/config.ts";
import { tallies } from "../../../records/judges/evaluations.ts";
import { namedBySpans } from "../../../records/prompts/discover.ts";
import { anyRow, spanByAttribute, spanById, spanByResponse } from "../../../records/store/spans.ts";
import { countRecords, selectRecords } from "../../../records/store/statements.ts";

const tables = {
  spans: "`otel`.`otel_traces`",
  traces: "`otel`.`traces`",
  spanSeries: "`otel`.`span_series`",
  settledSessions: "`otel`.`settled_sessions`",
  settledTraces: "`otel`.`settled_traces`",
  settledTraceIndex: "`otel`.`settled_trace_index`",
  settledTraceRows: "`otel`.`settled_trace_rows`",
  settledSessionLists: "`otel`.`settled_session_lists`",
  sessions: "`otel`.`sessions`",
  ids: "`otel`.`traces_ids`",
  signals: "`otel`.`signals`",
  attachments: "`otel`.`attachments`",
  attachmentData: "`otel`.`attachment_data`",
} as never;

const shown = ({ query, params }: Statement): string => `${query}\n-- ${JSON.stringify(params)}\n`;

describe("statements of records", () => {
  test("read the newest rows of one project", () => {
    const selection = { project: "p", match: { PromptId: "id", Version: 2 }, orderBy: "Version DESC", limit: 5 };
    const page = { project: "p", where: sql`Slug != ''`, limit: 10, offset: 20 };
    expect(
      [
        selectRecords(promptVersionTable, "`otel`.`prompt_versions`", selection),
        selectRecords(promptVersionTable, "`otel`.`prompt_versions`", { project: "", fields: ["PromptId", "Version"] }),
        selectRecords(promptTable, "`otel`.`prompts`", page),
        countRecords(promptTable, "`otel`.`prompts`", page),
      ].map(shown),
    ).toMatchSnapshot();
  });

  test("look for spans of one project", () => {
    expect(
      [
        spanById(tables, "p", "0123456789abcdef", []),
        spanByResponse(tables, "p", "chatcmpl-1"),
        spanByAttribute(tables, "p", "chatcmpl-1", 172_800_000),
        anyRow("`otel`.`sessions`", "p", sql`SessionId = ''`),
        namedBySpans(tables, "`otel`.`prompts`", "p", recordsSchema.parse({})),
      ].map(shown),
    ).toMatchSnapshot();
  });

  test("count evaluations and choices of one project", () => {
    const ab = { choices: "`otel`.`ab_choices`", tests: "`otel`.`ab_tests`" };
    const all = [tallies("`otel`.`evaluations`", "p", ["a", "b"]), choiceCounts(ab, "p", ["test"])];
    expect(all.map(shown)).toMatchSnapshot();
  });

  test("a field that a table does not have is an error", () => {
    const match = { "1=1 OR Slug": "" } as never;
    expect(() => selectRecords(promptTable, "t", { project: "p", match })).toThrow('there is no field "1=1 OR Slug"');
  });
});

describe("tables of records", () => {
  const config = clickhouseConfigSchema.parse({ endpoint: "http://127.0.0.1:1", ttl: "720h" });

  test("are created as the snapshot says; what people made does not grow old", () => {
    const ddl = ddlOf(config, "otel");
    expect(recordTables.map(({ schema }) => schema.migrations(ddl)[0]!.statements[0])).toMatchSnapshot();
  });

  test("keep the newest row where they are replicated, too", () => {
    const replicated = { name: "ReplicatedMergeTree", params: "'/clickhouse/{database}/{table}', '{replica}'" };
    const ddl = ddlOf(clickhouseConfigSchema.parse({ endpoint: "http://h:1", table_engine: replicated }), "otel");
    expect(promptTable.schema.migrations(ddl)[0]!.statements[0]).toContain(
      "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/{database}/{table}', '{replica}', UpdatedAt)",
    );
  });
});
