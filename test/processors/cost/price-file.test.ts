import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { readingsOf } from "../../../processors/cost/names.ts";
import { PriceFile } from "../../../processors/cost/price-file.ts";
import type { PriceList } from "../../../processors/cost/price-list.ts";
import { temporaryFolder } from "../../exporters/clickhouse/support.ts";
import { testSettings } from "../../support/doubles.ts";
import { collectMetrics } from "../../support/metrics.ts";
import { until } from "../../support/until.ts";
import { call, price } from "./support.ts";

const good = "- {model: m, input: 1, output: 2}\n";

interface Subject {
  readonly file: PriceFile;
  readonly path: string;
  readonly lists: PriceList[];
  readonly lines: { msg: string; reason?: string }[];
  refusals: number;
}

interface SubjectOptions {
  readonly pollInterval?: number;
  readonly settle?: (ms: number) => Promise<void>;
}

async function subjectOf(text: string, { pollInterval = 0, settle }: SubjectOptions = {}): Promise<Subject> {
  const path = join(await temporaryFolder(), "prices.yaml");
  await writeFile(path, text);
  const lines: Subject["lines"] = [];
  const logger: Logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const lists: PriceList[] = [];
  const subject: Subject = {
    ...{ path, lists, lines, refusals: 0 },
    file: new PriceFile({
      config: { path, poll_interval: pollInterval, settle_time: 1, max_size: 10_000 },
      maxNameLength: 512,
      apply: (list) => lists.push(list),
      onRefused: () => {
        subject.refusals++;
      },
      settings: testSettings({ id: "cost", logger }),
      ...(settle === undefined ? {} : { settle }),
    }),
  };
  onTestFinished(() => subject.file.stop());
  return subject;
}

const inputPriceIn = ({ lists }: Subject): number | undefined =>
  lists.at(-1)?.find(readingsOf("openai", "m"))[0]?.tiers[0].prices.input;

describe("price file", () => {
  it("is a list in YAML or JSON, or a map with models", async () => {
    for (const text of [good, '[{"model": "m", "input": 1}]', `models:\n  ${good}`]) {
      const subject = await subjectOf(text);
      await subject.file.start();
      expect(inputPriceIn(subject)).toBe(1);
      expect(subject.lists[0]?.version).toMatch(/^file:prices\.yaml@[0-9a-f]{12}$/);
    }
  });

  it("is read again when its text has changed", async () => {
    const subject = await subjectOf(good, { pollInterval: 5 });
    await subject.file.start();
    await writeFile(`${subject.path}.new`, good.replace("input: 1", "input: 3"));
    await rename(`${subject.path}.new`, subject.path);
    await until(() => inputPriceIn(subject) === 3);
    expect(subject.lines.map(({ msg }) => msg)).toEqual([`price_file ${subject.path} has changed and was read again`]);
    expect(subject.lists[0]?.version).not.toBe(subject.lists[1]?.version);
  });

  it("leaves the last good prices when half of it is written, and says so once", async () => {
    const subject = await subjectOf(good);
    await subject.file.start();
    await writeFile(subject.path, '- {model: m, input: 9}\n- {model: "n');
    for (let i = 0; i < 3; i++) await subject.file.readAgain();
    expect(inputPriceIn(subject)).toBe(1);
    expect(subject.refusals).toBe(1);
    expect(subject.lines.length).toBe(1);
    expect(subject.lines[0]?.reason).toMatch(/^price_file .*prices\.yaml: line 2, column \d+: invalid YAML/);
    await writeFile(subject.path, good.replace("input: 1", "input: 9"));
    await subject.file.readAgain();
    expect(inputPriceIn(subject)).toBe(9);
  });

  it.each([
    ["- {model: m, inptu: 1}", /prices\.yaml: \[0\]: unknown key "inptu", did you mean "input"\?/],
    ["- {model: m, input: -1}", /prices\.yaml: \[0\]\.input: must be at least 0, got -1/],
    ["", /prices\.yaml: must be a list/],
    [`# ${"x".repeat(10_000)}`, /prices\.yaml: has 10002 bytes, more than max_size 10000/],
  ])("that holds %j is refused", async (text, reason) => {
    const subject = await subjectOf(text);
    await expect(subject.file.start()).rejects.toThrow(reason);
    await writeFile(subject.path, good);
    await subject.file.start();
    await writeFile(subject.path, text);
    await subject.file.readAgain();
    expect(subject.lines[0]?.reason).toMatch(reason);
    expect(inputPriceIn(subject)).toBe(1);
  });

  it("is left alone while somebody writes it", async () => {
    let isWritten = true;
    const subject = await subjectOf(good, {
      settle: async () => {
        if (isWritten) await writeFile(subject.path, good.replace("input: 1", "input: 3"));
      },
    });
    await subject.file.start();
    await writeFile(subject.path, good.replace("input: 1", "input: 2"));
    await subject.file.readAgain();
    expect([subject.lists.length, subject.lines]).toEqual([1, []]);
    isWritten = false;
    await subject.file.readAgain();
    expect(inputPriceIn(subject)).toBe(3);
  });

  it("that is gone leaves the last good prices", async () => {
    const subject = await subjectOf(good);
    await subject.file.start();
    await rename(subject.path, `${subject.path}.gone`);
    await subject.file.readAgain();
    await subject.file.readAgain();
    expect(subject.lines.map(({ reason }) => reason)).toEqual([expect.stringContaining("ENOENT")]);
    await rename(`${subject.path}.gone`, subject.path);
    await subject.file.readAgain();
    await rename(subject.path, `${subject.path}.gone`);
    await subject.file.readAgain();
    expect(subject.lines.length).toBe(2);
  });

  it("goes behind models and before the default prices, and keeps the processor from starting when it will not do", async () => {
    const { path } = await subjectOf("- {model: gpt-4o, input: 5}\n- {model: gpt-4o-mini, input: 6}\n");
    const spans = ["gpt-4o", "gpt-4o-mini", "gpt-4"].map((ResponseModel) =>
      call({ ResponseModel, InputTokens: 1e6, OutputTokens: 0 }),
    );
    const config = { models: [{ model: "gpt-4o", input: 1 }], price_file: { path } };
    expect((await price(spans, config)).map(({ Cost }) => Cost)).toEqual([1, 6, 30]);
    await writeFile(path, "- {model: x}");
    await expect(price(spans, config)).rejects.toThrow(/^cost: price_file .*: \[0\]: needs a price/);
  });

  it("that is refused is counted", async () => {
    const metrics = collectMetrics();
    const { path } = await subjectOf(good);
    const { CostProcessor } = await import("../../../processors/cost/processor.ts");
    const { costConfigOf } = await import("./support.ts");
    const { RecordingConsumer } = await import("../../support/doubles.ts");
    const processor = new CostProcessor(
      costConfigOf({ price_file: { path, poll_interval: "5ms", settle_time: "1ms" } }),
      new RecordingConsumer(),
      testSettings({ id: "cost", meter: metrics.meter }),
    );
    await processor.start();
    onTestFinished(() => processor.shutdown(AbortSignal.timeout(1_000)));
    await writeFile(path, "- {");
    await until(async () => (await metrics.value("processor_cost_price_file_refused", { processor: "cost" })) === 1);
  });
});
