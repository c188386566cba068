import { randomBytes } from "node:crypto";
import { askApi, hasApi, type Sights, sightsQuery } from "./api.ts";
import { DemoError, type DemoOptions, optionsOf, usage } from "./options.ts";
import { planHour } from "./plan.ts";
import { progressLine, tableOf, treeOf } from "./print.ts";
import { type Question, questionsOf, traceQuestion } from "./queries.ts";
import { assertListening, sendTraces } from "./send.ts";
import { Store } from "./store.ts";

const visibleTimeoutMs = 60_000;

/** Sends an hour of made-up traces of AI agents to a running Signalbox and asks ClickHouse about them. */
async function demo(options: DemoOptions): Promise<void> {
  const { endpoint, api, database, traces: count, seed } = options;
  await assertListening(endpoint);
  const runId = randomBytes(4).toString("hex");
  const traces = planHour(seed, count, Date.now());
  const spans = await sendTraces(endpoint, runId, seed, traces, progressLine(process.stdout, traces.length));
  const store = new Store(options.clickhouse);
  try {
    await store.untilVisible(database, runId, spans, visibleTimeoutMs);
    print(`all ${spans} spans are stored and can be queried`);
    for (const question of questionsOf(database, runId)) await answer(store, question, tableOf);
    await answer(store, traceQuestion(database, runId), treeOf);
    if (!(await hasApi(api))) return print(`\nno API answers at ${api}; --api says where to ask`);
    const [sights] = await store.rows(sightsQuery(database, runId));
    if (sights !== undefined) print(await askApi(api, sights as unknown as Sights, tableOf));
  } finally {
    await store.close();
  }
}

async function answer(
  store: Store,
  { title, sql }: Question,
  format: (rows: Awaited<ReturnType<Store["rows"]>>) => string,
): Promise<void> {
  print(`\n${title}\n\n${sql.replaceAll(/^/gm, "  ")}\n\n${format(await store.rows(sql))}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  const options = optionsOf(process.argv.slice(2), process.env);
  if (options === "help") process.stdout.write(usage);
  else await demo(options);
} catch (error) {
  process.stderr.write(`demo: ${error instanceof DemoError ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
