import type { Command } from "commander";
import { pino } from "pino";
import { loadConfig } from "../../config/load.ts";
import type { ClickHouseConfig } from "../../exporters/clickhouse/config.ts";
import { listDeadLetters, replayDeadLetters } from "../../exporters/clickhouse/replay.ts";
import { type AddCommand, type CommandContext, runOptionsOf, UsageError, warn } from "../context.ts";

interface DeadLetterOptions {
  readonly exporter?: string;
}

/** An exporter that writes dead letters. */
interface DeadLetterExporter {
  readonly id: string;
  readonly config: ClickHouseConfig;
}

/** `signalbox dead-letter list` and `replay`: rows that no server took, and another try to store them. */
export const addDeadLetter: AddCommand = (program, context) => {
  const deadLetter = program.command("dead-letter").description("rows that ClickHouse would not take");
  deadLetter
    .command("list")
    .description("show the files that wait to be replayed")
    .option("--exporter <id>", "only of this exporter")
    .action(async (options: DeadLetterOptions, command: Command) => {
      for (const exporter of await exportersOf(context, command, options)) await list(context, exporter);
    });
  deadLetter
    .command("replay")
    .description("insert the rows of files, all or those named, and rename each file that is stored")
    .argument("[files...]", "files to replay")
    .option("--exporter <id>", "only of this exporter; needed with files when there are several")
    .action(async (files: string[], options: DeadLetterOptions, command: Command) => {
      const exporters = await exportersOf(context, command, options);
      if (files.length > 0 && exporters.length > 1) {
        throw new UsageError(
          `--exporter must say which one takes the files: ${exporters.map(({ id }) => id).join(", ")}`,
        );
      }
      for (const exporter of exporters) await replay(context, exporter, files);
    });
};

async function list(context: CommandContext, { id, config }: DeadLetterExporter): Promise<void> {
  for (const { path, bytes, header } of await listDeadLetters(config.dead_letter.directory, id)) {
    const what =
      header instanceof Error
        ? header.message
        : `${header.time} ${header.component} ${header.rows} rows for ${header.table}, ${header.error.name}`;
    context.out(`${path} ${bytes} bytes: ${what}\n`);
  }
}

async function replay(
  context: CommandContext,
  { id, config }: DeadLetterExporter,
  files: readonly string[],
): Promise<void> {
  const logger = pino({ level: "silent" });
  const named = files.length === 0 ? {} : { files };
  const results = await replayDeadLetters(config, { component: id, logger, ...named });
  for (const { path, rows, error } of results) context.out(`${error?.message ?? `${path}: ${rows} rows stored`}\n`);
  const failed = results.filter(({ error }) => error !== undefined).length;
  if (failed > 0) throw new Error(`dead-letter: ${failed} of ${results.length} files were not stored`);
}

async function exportersOf(
  context: CommandContext,
  command: Command,
  { exporter }: DeadLetterOptions,
): Promise<DeadLetterExporter[]> {
  const { configs, sets } = runOptionsOf(command);
  const { exporters, warnings } = await loadConfig(configs, sets, context.components, context.env);
  warn(context, warnings);
  const found = [...exporters]
    .filter(([id, { factory }]) => factory.type === "clickhouse" && (exporter === undefined || id === exporter))
    .map(([id, { config }]) => ({ id, config: config as ClickHouseConfig }));
  if (found.length > 0) return found;
  throw new UsageError(
    `dead-letter: no clickhouse exporter${exporter === undefined ? "" : ` "${exporter}"`} is configured`,
  );
}
