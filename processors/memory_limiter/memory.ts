import { totalmem } from "node:os";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes, as `process.memoryUsage()` counts them. */
export interface MemoryUsage {
  readonly rss: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

/** The memory of the process; a test puts its own in place. */
export interface ProcessMemory {
  usage(): MemoryUsage;
  /** Bytes the process may have: the limit of its cgroup (v1 or v2) or the memory of the machine. */
  totalBytes(): number;
  /** Collects garbage; says whether that is possible. The buffers it frees are given back some milliseconds later. */
  collect(): boolean;
  /** When garbage was last collected by `collect`, on the clock `nowMs`. */
  lastCollectMs: number;
  nowMs(): number;
}

let forcedCollector: (() => void) | undefined;

/** V8's `gc`, which is hidden until its flag is set. */
function collector(): (() => void) | undefined {
  if (forcedCollector === undefined) {
    setFlagsFromString("--expose-gc");
    const gc: unknown = runInNewContext("globalThis.gc");
    if (typeof gc === "function") forcedCollector = gc as () => void;
  }
  return forcedCollector;
}

/** This process. There is one, so that several limiters do not collect one after the other. */
export const processMemory: ProcessMemory = {
  usage: () => process.memoryUsage(),
  totalBytes: () => {
    const constrained = process.constrainedMemory();
    const total = totalmem();
    // Without a limit this is 0, or a number larger than any memory.
    return constrained > 0 && constrained < total ? constrained : total;
  },
  collect: () => {
    const collect = collector();
    if (collect === undefined) return false;
    collect();
    processMemory.lastCollectMs = processMemory.nowMs();
    return true;
  },
  lastCollectMs: Number.NEGATIVE_INFINITY,
  nowMs: () => performance.now(),
};

/**
 * Counts the memory that data takes: the heap in use, buffers, and what the process needs besides.
 *
 * Resident memory itself is no measure for refusing data. After a burst the allocator keeps freed buffers for the next
 * ones: a Node process that held 400 MB of small buffers stays above 400 MB resident, with 3 MB in use. Judged by that, a
 * limiter would refuse for ever. So of resident memory only the part counts that is neither heap nor buffers, and of that
 * the least ever seen: code, stacks and native libraries.
 */
export class MemoryMeter {
  readonly #memory: ProcessMemory;
  #overheadBytes = Number.POSITIVE_INFINITY;

  constructor(memory: ProcessMemory) {
    this.#memory = memory;
  }

  usedBytes(): number {
    const { rss, heapTotal, heapUsed, arrayBuffers } = this.#memory.usage();
    this.#overheadBytes = Math.max(0, Math.min(this.#overheadBytes, rss - heapTotal - arrayBuffers));
    return heapUsed + arrayBuffers + this.#overheadBytes;
  }
}
