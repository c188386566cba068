import { protobufToJson } from "../../otlp/protobuf-to-json.ts";
import type { Signal } from "../../pipeline/batch.ts";
import type { Settings } from "../../pipeline/component.ts";
import { type AssemblerPorts, BlockAssembler } from "./assembler.ts";
import type { ClickHouseConfig } from "./config.ts";
import type { ClickHouseInstruments } from "./instruments.ts";
import type { Intake } from "./intake.ts";
import { blockBoundsOf } from "./queue-config.ts";
import { RowIntake, type RowTable } from "./rows/intake.ts";
import { collectLogs } from "./rows/logs.ts";
import { type MetricKind, metricKinds } from "./rows/metric-columns.ts";
import { collectMetrics } from "./rows/metrics.ts";
import { rowTarget } from "./rows/target.ts";
import { idsSchema } from "./schema/ids.ts";
import { logsSchema } from "./schema/otel-logs.ts";
import { metricsSchema } from "./schema/otel-metrics.ts";
import { tracesSchema } from "./schema/otel-traces.ts";
import { sessionRollUpSchema, traceRollUpSchema } from "./schema/roll-ups.ts";
import { attachmentDataSchema, attachmentsSchema, signalsSchema } from "./schema/side-tables.ts";
import type { Ddl } from "./schema/sql.ts";
import type { TableSchema } from "./schema/table-schema.ts";
import { attachmentColumns, attachmentDataColumns, signalColumns } from "./side/columns.ts";
import { SideIntake } from "./side/intake.ts";
import type { SideColumn } from "./side/side-column.ts";
import { type SideRows, sideTarget } from "./side/side-target.ts";
import { SpanIntake, spansTarget } from "./spans.ts";

/** What intakes need of their exporter. */
export interface IntakeOptions {
  readonly config: ClickHouseConfig;
  readonly settings: Settings;
  readonly ddl: Ddl;
  readonly instruments: ClickHouseInstruments;
}

/** The intake of a signal: its tables, and how its batches become their blocks. */
export function createIntake(signal: Signal, options: IntakeOptions, ports: AssemblerPorts): Intake {
  switch (signal) {
    case "traces":
      return spanIntake(options, ports);
    case "logs":
      return logIntake(options, ports);
    case "metrics":
      return metricIntake(options, ports);
  }
}

function spanIntake({ config, ddl }: IntakeOptions, ports: AssemblerPorts): Intake {
  const schema = tracesSchema(config.traces_table_name, config.traces_rollup);
  const bounds = blockBoundsOf(config.insert, config.sending_queue);
  const signals = signalsSchema(config.signals_table_name);
  const attachments = attachmentsSchema(config.attachments_table_name);
  const data = attachmentDataSchema(config.attachment_data_table_name);
  const side = <Item>(
    { table }: TableSchema,
    columns: readonly SideColumn<Item>[],
    isBinary = false,
  ): BlockAssembler<SideRows<Item>> =>
    new BlockAssembler(sideTarget(ddl.table(table), columns, isBinary), bounds, ports);
  const assemblers = {
    signals: side(signals, signalColumns),
    attachments: side(attachments, attachmentColumns),
    attachmentData: side(data, attachmentDataColumns, true),
  };
  const spans = new BlockAssembler(spansTarget(ddl.table(schema.table)), bounds, ports);
  const rollUps = rollUpSchemas(config);
  const mediaAgeMs = config.table_ttl[data.table] ?? config.ttl;
  return new SpanIntake(
    [schema, ...rollUps, signals, attachments, data],
    spans,
    new SideIntake(assemblers, mediaAgeMs),
  );
}

function rollUpSchemas(config: ClickHouseConfig): readonly TableSchema[] {
  if (!config.traces_rollup) return [];
  const { traces_table_name: spans, traces_rollup_table_name: traces, sessions_rollup_table_name: sessions } = config;
  return [traceRollUpSchema(traces, spans), sessionRollUpSchema(sessions, traces), idsSchema({ spans, traces })];
}

function logIntake(options: IntakeOptions, ports: AssemblerPorts): Intake {
  const table = rowTable("logs", logsSchema(options.config.logs_table_name), options, ports);
  return rowIntake(options, [table], (request, project, into) =>
    collectLogs(protobufToJson("logs", request), { project, table }, into),
  );
}

function metricIntake(options: IntakeOptions, ports: AssemblerPorts): Intake {
  const { metrics_tables: names } = options.config;
  const table = (kind: MetricKind, name: string): RowTable =>
    rowTable("metrics", metricsSchema(kind, name), options, ports);
  const tables: Readonly<Record<MetricKind, RowTable>> = {
    gauge: table("gauge", names.gauge.name),
    sum: table("sum", names.sum.name),
    histogram: table("histogram", names.histogram.name),
    exponentialHistogram: table("exponentialHistogram", (names.exp_histogram ?? names.exponential_histogram).name),
    summary: table("summary", names.summary.name),
  };
  const all = metricKinds.map((kind) => tables[kind]);
  return rowIntake(options, all, (request, _project, into) =>
    collectMetrics(protobufToJson("metrics", request), tables, into),
  );
}

function rowTable(
  signal: Signal,
  schema: TableSchema,
  { config, ddl }: IntakeOptions,
  ports: AssemblerPorts,
): RowTable {
  const columns = schema.columns.map(({ name }) => name);
  const bounds = blockBoundsOf(config.insert, config.sending_queue);
  return { schema, assembler: new BlockAssembler(rowTarget(ddl.table(schema.table), signal, columns), bounds, ports) };
}

function rowIntake(
  { config, settings, instruments }: IntakeOptions,
  tables: readonly RowTable[],
  collect: ConstructorParameters<typeof RowIntake>[0]["collect"],
): Intake {
  const maxBytes = config.sending_queue.max_queue_bytes;
  return new RowIntake({ settings, instruments, tables, maxBytes, collect });
}
