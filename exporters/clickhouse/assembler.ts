import { randomUUID } from "node:crypto";
import type { BlockBounds } from "./queue-config.ts";
import type { InsertBlock, InsertTable, Sized, TableBuilder, TableTarget } from "./table.ts";

/** Where the rows of one block ended. Resolves when they are stored or safe in a dead letter. */
export class Delivery {
  readonly promise: Promise<void>;
  resolve!: () => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Callers that do not wait leave it unobserved; what went wrong is counted and logged by the sender.
    this.promise.catch(() => undefined);
  }
}

/** A complete block on its way. */
export interface ClosedBlock {
  readonly table: InsertTable;
  readonly block: InsertBlock;
  /** Identifies the rows to the server on every try. */
  readonly token: string;
  /** Batches that began in this block. */
  readonly requests: number;
  readonly delivery: Delivery;
}

interface OpenBlock<B> {
  readonly builder: TableBuilder<B>;
  readonly days: Set<number>;
  readonly delivery: Delivery;
  readonly openedAtMs: number;
  /** When rows were added last. */
  addedAtMs: number;
  /** Somebody is answered when the block is stored. */
  isAwaited: boolean;
  requests: number;
}

/** Rows of a batch that go to one block. */
interface Part {
  readonly rows: number[];
  readonly days: Set<number>;
}

/** The neighbours of an assembler. */
export interface AssemblerPorts {
  /** Takes a complete block. */
  readonly emit: (block: ClosedBlock) => void;
  /** Whether a block would be sent at once. While not, blocks grow past max_age: fewer, larger inserts. */
  readonly canSend: () => boolean;
  /** Whether no block is on its way: waiting for more rows would leave the server with nothing to do. */
  readonly isIdle: () => boolean;
  /** What the open blocks grew by; bytes may be negative. */
  readonly grew: (growth: { requests: number; items: number; bytes: number }) => void;
}

/** Blocks being filled, whatever with. */
export interface OpenBlocks {
  /** When the first of them is due, in monotonic milliseconds; infinity when there is none. */
  readonly nextDueMs: number;
  /** Completes what is due; call when a block would be sent at once again. */
  closeDue(): void;
  /** Completes every block now. */
  closeAll(): void;
}

/**
 * Gathers batches into insert blocks of one table.
 *
 * A block is complete at `maxRows`, `maxBytes` or `maxAgeMs`; after `lingerMs` already when the last one left longer than
 * `maxAgeMs` ago, so there are no more than `1 / maxAgeMs` inserts a second at low load.
 *
 * Where senders wait for the block, it is complete a moment after its first row while no other is on its way. Otherwise it is
 * as soon as no more rows come for a moment: all who send have sent then, and would wait for each other. While rows come
 * without a break, blocks grow to their bounds.
 *
 * All rows of a block are of at most `maxPartitions` days. Rows of one day always go to the same open block, so that rows
 * spread over many days do not make a part per batch and day.
 */
export class BlockAssembler<B extends Sized> implements OpenBlocks {
  readonly #target: TableTarget<B>;
  readonly #bounds: BlockBounds;
  readonly #ports: AssemblerPorts;
  readonly #spare: TableBuilder<B>[] = [];
  #open: OpenBlock<B>[] = [];
  #lastClosedMs = Number.NEGATIVE_INFINITY;
  /** The batch being added. */
  #isAwaited = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(target: TableTarget<B>, bounds: BlockBounds, ports: AssemblerPorts) {
    this.#target = target;
    this.#bounds = bounds;
    this.#ports = ports;
  }

  /**
   * Encodes the rows of a batch. The batch is not needed any more afterwards.
   *
   * @param isAwaited its sender is answered when it is stored
   */
  add(batch: B, isAwaited = false): Delivery[] {
    const deliveries = new Set<Delivery>();
    this.#isAwaited = isAwaited;
    const days = this.#target.daysOf(batch);
    const home = this.#open.find((block) => joined(block.days, days) <= this.#bounds.maxPartitions);
    const fitsAlone = this.#open.length === 0 && days.size <= this.#bounds.maxPartitions;
    if (home === undefined && !fitsAlone) this.#addByDay(batch, deliveries);
    else this.#append(home ?? this.#openBlock(), batch, days, undefined, deliveries);
    this.#schedule();
    return [...deliveries];
  }

  get nextDueMs(): number {
    return Math.min(...this.#open.map((block) => this.#dueMs(block)));
  }

  closeAll(): void {
    for (const block of [...this.#open]) this.#close(block);
    this.#schedule();
  }

  closeDue(): void {
    const now = performance.now();
    for (const block of [...this.#open]) {
      if (!this.#ports.canSend()) break;
      if (this.#dueMs(block) <= now) this.#close(block);
    }
    this.#schedule();
  }

  #addByDay(batch: B, deliveries: Set<Delivery>): void {
    let parts = new Map<OpenBlock<B>, Part>();
    const appendParts = (): void => {
      for (const [block, { rows, days }] of parts) {
        this.#append(block, batch, days, Uint32Array.from(rows).sort(), deliveries);
      }
      parts = new Map();
    };
    for (const [day, rows] of this.#target.rowsByDay(batch)) {
      const block = this.#blockFor(day, appendParts);
      // The day is noted now, so that the days after it find the block as full as it will be.
      block.days.add(day);
      const part = parts.get(block);
      if (part === undefined) parts.set(block, { rows, days: new Set([day]) });
      else {
        part.days.add(day);
        for (const row of rows) part.rows.push(row);
      }
    }
    appendParts();
  }

  #blockFor(day: number, appendParts: () => void): OpenBlock<B> {
    const { maxPartitions, maxOpenBlocks } = this.#bounds;
    const has = this.#open.find((block) => block.days.has(day));
    const room = has ?? this.#open.find((block) => block.days.size < maxPartitions);
    if (room !== undefined) return room;
    if (this.#open.length >= maxOpenBlocks) {
      appendParts();
      const largest = this.#open.toSorted((a, b) => b.builder.rows - a.builder.rows)[0];
      if (largest !== undefined) this.#close(largest);
    }
    return this.#openBlock();
  }

  /** Appends `rows` in slices that keep to the bounds, by the average size of the batch's rows. */
  #append(
    block: OpenBlock<B>,
    batch: B,
    days: ReadonlySet<number>,
    rows: Uint32Array | undefined,
    deliveries: Set<Delivery>,
  ): void {
    const count = rows?.length ?? batch.itemCount;
    const { maxRows, maxBytes } = this.#bounds;
    const rowBytes = Math.max(1, batch.byteLength / Math.max(1, batch.itemCount));
    const slice = Math.max(1, Math.min(maxRows, Math.floor(maxBytes / rowBytes)));
    const all = count <= slice ? rows : (rows ?? this.#target.keptRows(batch));
    let current = block;
    for (let from = 0; from < count; from += slice) {
      const items = Math.min(slice, count - from);
      current = this.#withRoom(current, items, items * rowBytes);
      const { builder } = current;
      const before = builder.bytes;
      builder.append(batch, all?.subarray(from, from + items));
      for (const day of days) current.days.add(day);
      const requests = deliveries.size === 0 ? 1 : 0;
      current.requests += requests;
      current.isAwaited ||= this.#isAwaited;
      current.addedAtMs = performance.now();
      deliveries.add(current.delivery);
      this.#ports.grew({ requests, items, bytes: builder.bytes - before });
      if (builder.rows >= maxRows || builder.bytes >= maxBytes) this.#close(current);
    }
  }

  /** The block itself, or a new one when it is closed or would grow past its bounds. */
  #withRoom(block: OpenBlock<B>, rows: number, bytes: number): OpenBlock<B> {
    if (!this.#open.includes(block)) return this.#openBlock();
    const { builder } = block;
    if (builder.rows === 0) return block;
    if (builder.rows + rows <= this.#bounds.maxRows && builder.bytes + bytes <= this.#bounds.maxBytes) return block;
    this.#close(block);
    return this.#openBlock();
  }

  #openBlock(): OpenBlock<B> {
    const builder = this.#spare.pop() ?? this.#target.createBuilder();
    const now = performance.now();
    const block = {
      builder,
      days: new Set<number>(),
      delivery: new Delivery(),
      openedAtMs: now,
      addedAtMs: now,
      isAwaited: false,
      requests: 0,
    };
    this.#open.push(block);
    return block;
  }

  #close(open: OpenBlock<B>): void {
    this.#open = this.#open.filter((block) => block !== open);
    this.#lastClosedMs = performance.now();
    const { builder, requests, delivery } = open;
    const before = builder.bytes;
    const block = builder.finish();
    if (this.#spare.length === 0) this.#spare.push(builder);
    this.#ports.grew({ requests: 0, items: 0, bytes: block.bytes - before });
    this.#ports.emit({ table: this.#target, block, token: randomUUID(), requests, delivery });
  }

  #dueMs({ openedAtMs, addedAtMs, isAwaited, builder }: OpenBlock<B>): number {
    const { maxAgeMs, lingerMs, commitDelayMs, minIntervalMs } = this.#bounds;
    const last = this.#lastClosedMs;
    const due = Math.min(openedAtMs + maxAgeMs, Math.max(openedAtMs + lingerMs, last + maxAgeMs));
    if (!isAwaited) return due;
    const soonMs = this.#ports.isIdle()
      ? openedAtMs + commitDelayMs
      : addedAtMs + commitDelayMs + builder.rows * quietPerRowMs;
    return Math.min(due, Math.max(soonMs, last + minIntervalMs));
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // While nothing can be sent, the sender calls closeDue() as soon as it can.
    if (this.#open.length === 0 || !this.#ports.canSend()) return;
    // Requests that have come meanwhile are read first: they may belong to the block.
    const close = (): void => void setImmediate(() => this.closeDue());
    this.#timer = setTimeout(close, Math.max(0, this.nextDueMs - performance.now()));
  }
}

/**
 * How much longer the break must be for each row that the block has: an insert takes the server about 5 us a row, so waiting
 * costs little beside it, and a large block that goes too early makes the next one small.
 */
const quietPerRowMs = 0.002;

function joined(one: ReadonlySet<number>, other: ReadonlySet<number>): number {
  let size = one.size;
  for (const day of other) if (!one.has(day)) size++;
  return size;
}
