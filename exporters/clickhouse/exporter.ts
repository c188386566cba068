import type { Exporter, Settings } from "../../pipeline/component.ts";
import { messageOf, PermanentError, RetryableError } from "../../pipeline/errors.ts";
import { releaseBatch } from "../../pipeline/span-batch/batch-pool.ts";
import type { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import { BlockAssembler, type Delivery } from "./assembler.ts";
import { BlockBuilder } from "./block.ts";
import { createHosts, databaseOf, endpointOf, type Hosts } from "./client.ts";
import type { ClickHouseConfig } from "./config.ts";
import { DeadLetters } from "./dead-letter.ts";
import { describeTables } from "./describe.ts";
import { ClickHouseInstruments } from "./instruments.ts";
import { QueueBounds } from "./queue.ts";
import { blockBoundsOf } from "./queue-config.ts";
import { SchemaGate } from "./schema/gate.ts";
import { ddlOf } from "./schema/sql.ts";
import { BlockSender } from "./sender.ts";

/**
 * Stores spans in ClickHouse.
 *
 * `consume` encodes a batch at once into the open insert block and, as `sending_queue.wait_for_result` says, resolves then
 * or when the block is committed. No data is taken before the tables are there.
 */
export class ClickHouseExporter implements Exporter<SpanBatch> {
  readonly gathers = true;
  readonly #config: ClickHouseConfig;
  readonly #settings: Settings;
  readonly #hosts: Hosts;
  readonly #callersWait: boolean;
  readonly #queue: QueueBounds;
  readonly #instruments: ClickHouseInstruments;
  readonly #assembler: BlockAssembler;
  readonly #sender: BlockSender;
  readonly #schema: SchemaGate;
  #stopped = false;

  constructor(config: ClickHouseConfig, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#hosts = createHosts(config, settings.id, settings.logger);
    const queue = config.sending_queue;
    this.#callersWait = !queue.enabled || (queue.wait_for_result ?? settings.acknowledge === "stored");
    this.#queue = new QueueBounds(settings.id, queue);
    this.#instruments = new ClickHouseInstruments(settings.meter, settings.id, this.#queue);
    const ddl = ddlOf(config, databaseOf(config));
    this.#schema = new SchemaGate(config, settings, this.#hosts, ddl);
    this.#sender = new BlockSender({
      config,
      settings,
      hosts: this.#hosts,
      table: ddl.table(config.traces_table_name),
      callersWait: this.#callersWait,
      deadLetters: new DeadLetters(config.dead_letter),
      instruments: this.#instruments,
      settled: ({ requests, block }) => {
        this.#queue.add({ requests, items: block.rows, bytes: block.bytes }, -1);
        this.#assembler.closeDue();
      },
    });
    this.#assembler = new BlockAssembler(blockBoundsOf(config.insert, queue), {
      createBuilder: () => new BlockBuilder(),
      emit: (block) => this.#sender.send(block),
      canSend: () => this.#sender.canSend(),
      grew: (growth) => this.#queue.add(growth),
    });
  }

  describe(): readonly string[] {
    return describeTables(this.#settings.id, this.#config);
  }

  /** Creates or checks the tables; when no server answers, goes on doing so in the background. */
  async start(): Promise<void> {
    this.#warn();
    await this.#hosts.prepare();
    this.#instruments.observe();
    await this.#schema.open();
  }

  async consume(batch: SpanBatch): Promise<void> {
    const items = batch.itemCount;
    if (items === 0) return;
    const deliveries = await this.#enqueue(batch, items);
    if (this.#callersWait) await outcomeOf(deliveries);
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#queue.close(this.#shutDown());
    this.#schema.close();
    this.#assembler.closeAll();
    await this.#sender.drain(deadline);
    this.#instruments.unobserve();
    await this.#hosts.close();
  }

  async #enqueue(batch: SpanBatch, items: number): Promise<Delivery[]> {
    const load = { requests: 1, items, bytes: batch.byteLength };
    try {
      this.#schema.assertOpen();
      const waiting = this.#queue.reserve(load);
      if (waiting !== undefined) await waiting;
    } catch (error) {
      this.#instruments.enqueueFailed(items);
      throw error;
    }
    try {
      if (this.#stopped) throw this.#shutDown();
      const deliveries = this.#assembler.add(batch);
      releaseBatch(batch);
      return deliveries;
    } catch (error) {
      this.#instruments.enqueueFailed(items);
      throw error;
    } finally {
      this.#queue.add(load, -1);
    }
  }

  #shutDown(): RetryableError {
    return new RetryableError(`${this.#settings.id}: is shut down`);
  }

  #warn(): void {
    const { logger, id } = this.#settings;
    for (const warning of endpointOf(this.#config).warnings) logger.warn(`${id}: ${warning}`);
    if (this.#config.async_insert === true) {
      logger.warn(`${id}: async_insert has no effect: whole blocks are inserted, with async_insert=0; remove it`);
    }
  }
}

/** Waits for every block that has rows of a batch. When any of them may be sent again, so must the batch. */
async function outcomeOf(deliveries: readonly Delivery[]): Promise<void> {
  if (deliveries.length === 1) return deliveries[0]!.promise;
  const results = await Promise.allSettled(deliveries.map(({ promise }) => promise));
  const reasons = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const reason = reasons.find((error) => error instanceof RetryableError) ?? reasons[0];
  if (reason === undefined) return;
  throw reason instanceof Error ? reason : new PermanentError(messageOf(reason));
}
