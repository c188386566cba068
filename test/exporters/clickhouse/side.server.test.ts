import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ClickHouseExporter } from "../../../exporters/clickhouse/exporter.ts";
import { listDeadLetters, replayDeadLetters } from "../../../exporters/clickhouse/replay.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { batchOfSpans } from "../../support/batches.ts";
import { startTestClickHouse, type TestClickHouse } from "../../support/clickhouse.ts";
import { testSettings } from "../../support/doubles.ts";
import { quickConfig, temporaryFolder } from "./support.ts";

const { logger } = testSettings();
const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
/** Every byte there is, so that what is no text is seen to survive. */
const picture = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const pictureId = createHash("sha256").update(picture).digest("hex");

function batchWithPicture(projectId = ""): SpanBatch {
  const batch = batchOfSpans([{ traceId, spanId }]);
  if (projectId !== "") batch.setDerived("ProjectId", 0, projectId);
  batch.attachments.push({
    row: 0,
    ordinal: 0,
    id: pictureId,
    type: "screenshot",
    mediaType: "image/png",
    width: 640,
    height: 480,
    bytes: picture.length,
    label: "start page",
    viewport: "mobile",
    metadata: '{"step":1}',
    dataStart: batch.arena.append(picture),
    dataLength: picture.length,
    url: "",
  });
  return batch;
}

describe("clickhouse exporter, what spans carry along", () => {
  let server: TestClickHouse;
  let tables = 0;

  beforeAll(async () => {
    server = await startTestClickHouse();
  });
  afterAll(() => server.stop());

  async function started(overrides: object = {}) {
    const suffix = ++tables;
    const config = await quickConfig(server.url, {
      database: server.database,
      traces_table_name: `traces_${suffix}`,
      signals_table_name: `signals_${suffix}`,
      attachments_table_name: `attachments_${suffix}`,
      attachment_data_table_name: `data_${suffix}`,
      ...overrides,
    });
    const exporter = new ClickHouseExporter(config, testSettings());
    onTestFinished(() => exporter.shutdown(AbortSignal.timeout(5_000)));
    await exporter.start();
    return { exporter, suffix, config };
  }

  it("stores signals of every kind of value and entity", async () => {
    const { exporter, suffix } = await started();
    const batch = batchOfSpans([{ traceId, spanId }, {}]);
    batch.setDerived("SessionId", 0, "chat-42");
    batch.setDerived("ProjectId", 0, "p1");
    batch.signals.push(
      { row: 0, entity: "span", name: "refusal", value: true, source: "refusal@1" },
      { row: 0, entity: "trace", name: "score", value: 0.5, source: "sdk" },
      { row: 0, entity: "session", name: "mood", value: "sad", source: "sdk" },
      { row: 1, entity: "span", name: "of a dropped span", value: 1, source: "sdk" },
    );
    batch.drop(1);
    await exporter.consume(batch);
    const rows = await server.query(
      `SELECT ProjectId, EntityType, EntityId, TraceId, SpanId, Name, Category, BoolValue, NumValue, TextValue, Source
       FROM signals_${suffix} ORDER BY EntityType`,
    );
    const shared = { ProjectId: "p1", TraceId: traceId, SpanId: spanId, BoolValue: false, NumValue: 0, TextValue: "" };
    expect(rows).toEqual([
      {
        ...shared,
        EntityType: "session",
        EntityId: "chat-42",
        Name: "mood",
        Category: "categorical",
        TextValue: "sad",
        Source: "sdk",
      },
      {
        ...shared,
        EntityType: "span",
        EntityId: spanId,
        Name: "refusal",
        Category: "boolean",
        BoolValue: true,
        Source: "refusal@1",
      },
      {
        ...shared,
        EntityType: "trace",
        EntityId: traceId,
        Name: "score",
        Category: "numerical",
        NumValue: 0.5,
        Source: "sdk",
      },
    ]);
  });

  it("makes one signal of those that a span sent twice carries", async () => {
    const { exporter, suffix } = await started();
    for (let time = 0; time < 2; time++) {
      const batch = batchOfSpans([{ traceId, spanId }]);
      batch.signals.push({ row: 0, entity: "span", name: "refusal", value: true, source: "refusal@1" });
      await exporter.consume(batch);
    }
    expect(await server.query(`SELECT Name FROM signals_${suffix} FINAL`)).toEqual([{ Name: "refusal" }]);
  });

  it("stores a medium once a project, and where it stood each time", async () => {
    const { exporter, suffix } = await started();
    await exporter.consume(batchWithPicture("p1"));
    await exporter.consume(batchWithPicture("p1"));
    await exporter.consume(batchWithPicture("p2"));
    const stored = await server.query(
      `SELECT ProjectId, AttachmentId, hex(Data) AS Data FROM data_${suffix} ORDER BY ProjectId`,
    );
    const Data = picture.toString("hex").toUpperCase();
    expect(stored).toEqual([
      { ProjectId: "p1", AttachmentId: pictureId, Data },
      { ProjectId: "p2", AttachmentId: pictureId, Data },
    ]);
    const [first] = await server.query(
      `SELECT AttachmentId, TraceId, SpanId, Ordinal, Type, MediaType, Width, Height, Bytes, Label, Viewport, Metadata, Url
       FROM attachments_${suffix} WHERE ProjectId = 'p1'`,
    );
    expect(first).toEqual({
      AttachmentId: pictureId,
      TraceId: traceId,
      SpanId: spanId,
      Ordinal: 0,
      Type: "screenshot",
      MediaType: "image/png",
      Width: 640,
      Height: 480,
      Bytes: 256,
      Label: "start page",
      Viewport: "mobile",
      Metadata: '{"step":1}',
      Url: "",
    });
    expect(await server.query(`SELECT count() AS c FROM attachments_${suffix}`)).toEqual([{ c: "3" }]);
  });

  it("keeps the bytes of media that cannot be stored, and stores them when the dead letter is replayed", async () => {
    const directory = await temporaryFolder();
    const { exporter, suffix, config } = await started({ dead_letter: { directory } });
    await server.query(`DROP TABLE data_${suffix}`);
    await exporter.consume(batchWithPicture());
    const letters = await listDeadLetters(directory);
    expect(letters.map(({ path }) => path.slice(path.lastIndexOf(".")))).toEqual([".native"]);
    await server.query(
      `CREATE TABLE data_${suffix} (ProjectId LowCardinality(String), AttachmentId String,
       MediaType LowCardinality(String), Data String, CreatedAt DateTime64(3)) ENGINE = MergeTree ORDER BY AttachmentId`,
    );
    const [result] = await replayDeadLetters(config, { logger });
    expect(result?.error).toBeUndefined();
    expect(await server.query(`SELECT hex(Data) AS Data FROM data_${suffix}`)).toEqual([
      { Data: picture.toString("hex").toUpperCase() },
    ]);
    expect((await readFile(result!.path)).subarray(0, 1).toString()).toBe("{");
  });

  it("sends a medium again whose block could not be stored", async () => {
    const { exporter, suffix } = await started({ dead_letter: { directory: await temporaryFolder(), max_bytes: 1 } });
    await server.query(`RENAME TABLE data_${suffix} TO away_${suffix}`);
    await expect(exporter.consume(batchWithPicture())).rejects.toThrow(/no dead letter could be written/);
    await server.query(`RENAME TABLE away_${suffix} TO data_${suffix}`);
    await exporter.consume(batchWithPicture());
    expect(await server.query(`SELECT count() AS c FROM data_${suffix}`)).toEqual([{ c: "1" }]);
  });
});
