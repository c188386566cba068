import type { Signal } from "../../pipeline/batch.ts";
import type { Exporter, Settings } from "../../pipeline/component.ts";
import { messageOf, PermanentError, RetryableError } from "../../pipeline/errors.ts";
import { SpanBatch } from "../../pipeline/span-batch/span-batch.ts";
import type { Delivery, OpenBlocks } from "./assembler.ts";
import { databaseOf, endpointOf } from "./client.ts";
import type { ClickHouseConfig } from "./config.ts";
import { DeadLetters } from "./dead-letter.ts";
import { describeTables } from "./describe.ts";
import { createHosts, type Hosts } from "./hosts.ts";
import { ClickHouseInstruments } from "./instruments.ts";
import type { Intake, StoredBatch } from "./intake.ts";
import { createIntake } from "./intakes.ts";
import { QueueBounds } from "./queue.ts";
import { SchemaGate } from "./schema/gate.ts";
import { ddlOf } from "./schema/sql.ts";
import { BlockSender } from "./sender.ts";

/** What one signal has of its own. */
interface Lane {
  readonly queue: QueueBounds;
  readonly intake: Intake;
}

/**
 * Stores spans, metrics and logs in ClickHouse.
 *
 * `consume` encodes a batch at once into the open insert block and, as `sending_queue.wait_for_result` says, resolves then
 * or when the block is committed. No data is taken before the tables are there.
 */
export class ClickHouseExporter implements Exporter<StoredBatch> {
  readonly gathers = true;
  readonly #config: ClickHouseConfig;
  readonly #settings: Settings;
  readonly #hosts: Hosts;
  readonly #callersWait: boolean;
  readonly #instruments: ClickHouseInstruments;
  readonly #lanes: ReadonlyMap<Signal, Lane>;
  readonly #openBlocks: readonly OpenBlocks[];
  readonly #sender: BlockSender;
  readonly #schema: SchemaGate;
  #stopped = false;

  constructor(config: ClickHouseConfig, settings: Settings) {
    this.#config = config;
    this.#settings = settings;
    this.#hosts = createHosts(config, settings.id, settings.logger);
    const queue = config.sending_queue;
    this.#callersWait = !queue.enabled || (queue.wait_for_result ?? settings.acknowledge === "stored");
    const queues = new Map(settings.signals.map((signal) => [signal, new QueueBounds(settings.id, queue)]));
    this.#instruments = new ClickHouseInstruments(settings.meter, settings.id, queues);
    const ddl = ddlOf(config, databaseOf(config));
    this.#sender = new BlockSender({
      config,
      settings,
      hosts: this.#hosts,
      callersWait: this.#callersWait,
      deadLetters: new DeadLetters(config.dead_letter),
      instruments: this.#instruments,
      settled: ({ table, requests, block }) => {
        queues.get(table.signal)?.add({ requests, items: block.rows, bytes: block.bytes }, -1);
        this.#closeDue();
      },
      steppedAside: () => this.#closeDue(),
    });
    const options = { config, settings, ddl, instruments: this.#instruments };
    const lane = (signal: Signal, queue: QueueBounds): Lane => ({
      queue,
      intake: createIntake(signal, options, {
        emit: (block) => this.#sender.send(block),
        canSend: () => this.#sender.canSend(),
        isIdle: () => this.#sender.isIdle,
        grew: (growth) => queue.add(growth),
      }),
    });
    this.#lanes = new Map([...queues].map(([signal, queue]) => [signal, lane(signal, queue)]));
    const intakes = [...this.#lanes.values()].map(({ intake }) => intake);
    this.#openBlocks = intakes.flatMap(({ assemblers }) => assemblers);
    const tables = intakes.flatMap((intake) => intake.tables);
    this.#schema = new SchemaGate(config, settings, this.#hosts, ddl, tables);
  }

  describe(): readonly string[] {
    return describeTables(this.#settings.id, this.#config, this.#settings.signals);
  }

  /** Creates or checks the tables; when no server answers, goes on doing so in the background. */
  async start(): Promise<void> {
    this.#warn();
    await this.#hosts.prepare();
    this.#instruments.observe();
    await this.#schema.open();
  }

  async consume(batch: StoredBatch): Promise<void> {
    const { signal, itemCount: items } = batch;
    if (items === 0) return;
    const lane = this.#lanes.get(signal);
    if (lane === undefined) throw new PermanentError(`${this.#settings.id}: is in no pipeline of ${signal}`);
    // Read now: the batch is used for other spans once it is encoded.
    const isAwaited = this.#callersWait || (batch instanceof SpanBatch && batch.isAwaited);
    const deliveries = await this.#enqueue(lane, batch, items, isAwaited);
    if (isAwaited) await outcomeOf(deliveries);
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const { queue } of this.#lanes.values()) queue.close(this.#shutDown());
    this.#schema.close();
    for (const blocks of this.#openBlocks) blocks.closeAll();
    await this.#sender.drain(deadline);
    this.#instruments.unobserve();
    await this.#hosts.close();
  }

  async #enqueue({ queue, intake }: Lane, batch: StoredBatch, items: number, isAwaited: boolean): Promise<Delivery[]> {
    const { signal } = batch;
    const load = { requests: 1, items, bytes: batch.byteLength };
    try {
      this.#schema.assertOpen();
      const waiting = queue.reserve(load);
      if (waiting !== undefined) await waiting;
    } catch (error) {
      this.#instruments.enqueueFailed(signal, items);
      throw error;
    }
    try {
      if (this.#stopped) throw this.#shutDown();
      return intake.add(batch, isAwaited);
    } catch (error) {
      this.#instruments.enqueueFailed(signal, items);
      throw error;
    } finally {
      queue.add(load, -1);
    }
  }

  /** Sends what has waited longest first, so that no table starves another. */
  #closeDue(): void {
    const due = this.#openBlocks.toSorted((one, other) => one.nextDueMs - other.nextDueMs);
    for (const blocks of due) blocks.closeDue();
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
