import type { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { isFound, type Needle } from "./needle.ts";

/**
 * Literals of one class of lengths, found by their grams: pieces of up to 4 bytes.
 *
 * A text is read in steps, four at a time. At each step 4 bytes, with the bit of the letters' case set, are looked up in a table of
 * hashes that is small enough for the first cache; only where it has an entry are literals compared. Of a literal of 7
 * or more bytes four neighbouring grams are entered, so that a step of 4 bytes meets one of them wherever it stands:
 * a byte of text costs a quarter of a lookup. An automaton (Aho-Corasick) takes a step for each byte, each of which
 * waits for the one before.
 */
export class LiteralTier {
  readonly #stride: number;
  /** Of the 4 bytes, those that count; signed, as all words here: integers of 32 bits make faster code. */
  readonly #mask: number;
  /** What a gram is multiplied with to be hashed: shifts those bytes out that do not count. */
  readonly #factor: number;
  readonly #gramBytes: number;
  /** Per hash, whether there is a gram: a byte each, so that it stays in the first cache. */
  readonly #filter: Uint8Array;
  readonly #shift: number;
  /** Per hash, the first distinct gram + 1; 0: none. */
  readonly #heads: Uint16Array;
  /** Per distinct gram. */
  readonly #grams: Int32Array;
  /** Of the same hash, the next distinct gram + 1. */
  readonly #next: Uint16Array;
  /** Where the literals with the gram begin in what follows, one more at the end. */
  readonly #first: Uint32Array;
  readonly #needles: readonly Needle[];
  readonly #offsets: Uint32Array;
  /**
   * First or last 4 bytes of each, with the bit of the letters' case set, and where they begin; -1 where it is too short.
   * Those farther from the gram: most candidates differ there.
   */
  readonly #checks: Int32Array;
  readonly #checkOffsets: Int32Array;
  /** Per distinct gram, how often it was met. */
  readonly #met: Uint32Array;

  private constructor(needles: readonly Needle[], gramBytes: number, stride: number, avoided: ReadonlySet<number>) {
    const byGram = new Map<number, Gram[]>();
    for (const needle of needles) enter(needle, gramBytes, stride, avoided, byGram);
    const grams = [...byGram.keys()];
    const entries = [...byGram.values()].flat();
    const bits = Math.min(16, Math.max(12, Math.ceil(Math.log2(grams.length * 64))));
    this.#stride = stride;
    this.#gramBytes = gramBytes;
    this.#mask = gramBytes === 4 ? -1 : 2 ** (8 * gramBytes) - 1;
    this.#factor = hashFactor << (32 - 8 * gramBytes);
    this.#shift = 32 - bits;
    this.#filter = new Uint8Array(2 ** bits);
    this.#heads = new Uint16Array(2 ** bits);
    this.#next = new Uint16Array(grams.length);
    this.#grams = Int32Array.from(grams);
    this.#met = new Uint32Array(grams.length);
    this.#first = new Uint32Array(grams.length + 1);
    for (const [slot, gram] of grams.entries()) {
      this.#first[slot + 1] = this.#first[slot]! + byGram.get(gram)!.length;
      const hash = Math.imul(gram, this.#factor) >>> this.#shift;
      this.#next[slot] = this.#heads[hash]!;
      this.#heads[hash] = slot + 1;
      this.#filter[hash] = 1;
    }
    this.#needles = entries.map(({ needle }) => needle);
    this.#offsets = Uint32Array.from(entries, ({ offset }) => offset);
    this.#checkOffsets = Int32Array.from(entries, checkOffsetOf);
    this.#checks = Int32Array.from(entries, (entry) =>
      entry.needle.bytes.length < 4 ? 0 : gramAt(entry.needle.bytes, checkOffsetOf(entry), 4),
    );
  }

  /**
   * Puts the literals into as few tiers as there are ways to look for them; tables have room for 65,535 grams.
   *
   * @param avoided grams to look for only where there is no other choice
   */
  static of(needles: readonly Needle[], avoided: ReadonlySet<number>): LiteralTier[] {
    return classesOf(needles).flatMap(({ members, gramBytes, maxStride }) => {
      const perTier = Math.floor(0xffff / maxStride);
      return Array.from({ length: Math.ceil(members.length / perTier) }, (_, tier) => {
        const some = members.slice(tier * perTier, (tier + 1) * perTier);
        return new LiteralTier(some, gramBytes, strideFor(some, gramBytes, maxStride), avoided);
      });
    });
  }

  /** Grams that were met more than `times` times. */
  metOften(times: number): number[] {
    return [...this.#grams].filter((_, slot) => this.#met[slot]! > times);
  }

  /** Writes `scan` into `foundIn` for every group that has a literal in `[start, end)`. */
  scan(arena: ByteArena, start: number, end: number, foundIn: Uint32Array, scan: number): void {
    const { view } = arena;
    const stride = this.#stride | 0;
    // Grams reach to the end of the text, and are read as whole words only where the arena has as many bytes.
    const last = (end - this.#gramBytes) | 0;
    const lastWhole = Math.min(last, view.byteLength - 4) | 0;
    let at = start | 0;
    for (;;) {
      at = nextCandidate(view, this.#filter, this.#shift, this.#factor, at, lastWhole, stride);
      if (at > lastWhole) break;
      const gram = (view.getInt32(at, true) | caseBits) & this.#mask;
      this.#compare(gram, arena, start, at, end, foundIn, scan);
      at = (at + stride) | 0;
    }
    for (; at <= last; at += stride) {
      this.#compare(gramAt(arena.bytes, at, this.#gramBytes), arena, start, at, end, foundIn, scan);
    }
  }

  #compare(
    gram: number,
    { view, bytes }: ByteArena,
    start: number,
    at: number,
    end: number,
    foundIn: Uint32Array,
    scan: number,
  ): void {
    let slot = this.#heads[Math.imul(gram, this.#factor) >>> this.#shift]!;
    while (slot !== 0 && this.#grams[slot - 1] !== gram) slot = this.#next[slot - 1]!;
    if (slot === 0) return;
    this.#met[slot - 1] = this.#met[slot - 1]! + 1;
    const behind = this.#first[slot]!;
    for (let entry = this.#first[slot - 1]!; entry < behind; entry++) {
      const from = at - this.#offsets[entry]!;
      if (from < start) continue;
      const checkOffset = this.#checkOffsets[entry]!;
      if (checkOffset >= 0) {
        const place = from + checkOffset;
        if (place + 4 > end || (view.getInt32(place, true) | caseBits) !== this.#checks[entry]) continue;
      }
      const needle = this.#needles[entry]!;
      if (foundIn[needle.group] === scan) continue;
      if (isFound(needle, bytes, start, from, end)) foundIn[needle.group] = scan;
    }
  }
}

const caseBits = 0x20202020;
const hashFactor = 0x9e3779b1 | 0;

/**
 * The first place from `at` on whose gram has an entry, or one behind `last`.
 *
 * Four steps at a time, since what is read of the view and the table themselves is then read once for all of them; and
 * which of the four it was is computed, not asked: no processor guesses it. The loop stands here twice: with the step that
 * nearly all literals have as a constant, a text takes a fifth less.
 */
function nextCandidate(
  view: DataView,
  filter: Uint8Array,
  shift: number,
  factor: number,
  at: number,
  last: number,
  stride: number,
): number {
  if (stride === 4) {
    for (const lastBlock = (last - 12) | 0; at <= lastBlock; at = (at + 16) | 0) {
      const a = hashAt(view, at, factor, shift);
      const b = hashAt(view, (at + 4) | 0, factor, shift);
      const c = hashAt(view, (at + 8) | 0, factor, shift);
      const d = hashAt(view, (at + 12) | 0, factor, shift);
      if ((filter[a]! | filter[b]! | filter[c]! | filter[d]!) !== 0) return (at + 4 * firstOf(filter, a, b, c, d)) | 0;
    }
  } else {
    const two = (2 * stride) | 0;
    const three = (3 * stride) | 0;
    const four = (4 * stride) | 0;
    for (const lastBlock = (last - three) | 0; at <= lastBlock; at = (at + four) | 0) {
      const a = hashAt(view, at, factor, shift);
      const b = hashAt(view, (at + stride) | 0, factor, shift);
      const c = hashAt(view, (at + two) | 0, factor, shift);
      const d = hashAt(view, (at + three) | 0, factor, shift);
      if ((filter[a]! | filter[b]! | filter[c]! | filter[d]!) !== 0) {
        return (at + Math.imul(stride, firstOf(filter, a, b, c, d))) | 0;
      }
    }
  }
  for (; at <= last; at = (at + stride) | 0) if (filter[hashAt(view, at, factor, shift)] !== 0) return at;
  return at;
}

function hashAt(view: DataView, at: number, factor: number, shift: number): number {
  return Math.imul(view.getInt32(at, true) | caseBits, factor) >>> shift;
}

/** Which of four hashes, counted from 0, is the first with an entry; one of them has. */
function firstOf(filter: Uint8Array, a: number, b: number, c: number, d: number): number {
  return Math.clz32((filter[a]! << 3) | (filter[b]! << 2) | (filter[c]! << 1) | filter[d]!) - 28;
}

/** Literals that are looked for together: a tier is a pass over the text. */
interface LiteralClass {
  readonly members: readonly Needle[];
  readonly gramBytes: number;
  readonly maxStride: number;
}

/** Long literals up to this many join the pass of the middle ones; with more, grams of 3 bytes are met too often. */
const maxJoining = 32;

function classesOf(needles: readonly Needle[]): readonly LiteralClass[] {
  const ofLength = (from: number, to: number) =>
    needles.filter(({ bytes }) => bytes.length >= from && bytes.length <= to);
  const long = ofLength(7, Number.POSITIVE_INFINITY);
  const middle = ofLength(4, 6);
  const isJoined = middle.length > 0 && long.length <= maxJoining;
  return [
    { members: isJoined ? [] : long, gramBytes: 4, maxStride: 4 },
    { members: isJoined ? [...long, ...middle] : middle, gramBytes: 3, maxStride: 4 },
    { members: ofLength(3, 3), gramBytes: 3, maxStride: 1 },
    { members: ofLength(2, 2), gramBytes: 2, maxStride: 1 },
    { members: ofLength(1, 1), gramBytes: 1, maxStride: 1 },
  ];
}

/** A literal of `n` bytes has `n - gramBytes + 1` grams, and as many neighbouring ones are needed as a step is long. */
function strideFor(needles: readonly Needle[], gramBytes: number, maxStride: number): number {
  return needles.reduce((stride, { bytes }) => Math.min(stride, bytes.length - gramBytes + 1), maxStride);
}

/** Where a literal has a gram. */
interface Gram {
  readonly offset: number;
  readonly needle: Needle;
}

/** Where the 4 bytes begin that are compared first: the first or the last ones; -1 in a literal too short for that. */
function checkOffsetOf({ offset, needle: { bytes } }: Gram): number {
  if (bytes.length < 4) return -1;
  return 2 * offset >= bytes.length - 4 ? 0 : bytes.length - 4;
}

/**
 * Enters as many neighbouring grams as the stride is long, from the place where they are rarest in texts. Places whose
 * grams other literals have too are preferred: the fewer distinct grams, the fewer places of a text are looked at closer.
 */
function enter(
  needle: Needle,
  gramBytes: number,
  stride: number,
  avoided: ReadonlySet<number>,
  byGram: Map<number, Gram[]>,
): void {
  const places = needle.bytes.length - gramBytes - stride + 2;
  let best = 0;
  let bestScore = -1;
  for (let place = 0; place < places; place++) {
    let isKnown = true;
    for (let i = 0; i < stride; i++) isKnown &&= byGram.has(gramAt(needle.bytes, place + i, gramBytes));
    const score = scoreOf(needle.bytes, place, gramBytes, stride, avoided) + (isKnown ? preference : 0);
    if (score <= bestScore) continue;
    best = place;
    bestScore = score;
  }
  for (let offset = best; offset < best + stride; offset++) {
    const gram = gramAt(needle.bytes, offset, gramBytes);
    const entries = byGram.get(gram);
    if (entries === undefined) byGram.set(gram, [{ offset, needle }]);
    else entries.push({ offset, needle });
  }
}

/** What a place with known grams is preferred by, as sum of the ranks of its bytes. */
const preference = 20;

/** Bytes from the most frequent on, in English text and JSON. */
const frequent = Buffer.from(' etaoinsrhldc"u:,mfpgwybv');

/** What every message is wrapped in, and the words that English has most of. */
const commonText = Buffer.from(
  '[{"role":"system","content":"{"role":"user","parts":[{"type":"text","text":"{"role":"assistant","content":[{"type":' +
    '"text"}],"finish_reason":"stop"}],"index":0,"message":{"tool_calls": "content": " the of and to in is that it was for ' +
    "on are with as at be this have from or one had by but not what all were we when your can said there use an each " +
    "which she do how their if will up other about out many then them these so some her would make like him into time has " +
    "look two more write go see number no way could people my than first been call who its now find down day did get come " +
    "made may part question answer order here need please help want any also tion ing ment ",
);
const commonGrams = new Set([3, 4].flatMap((size) => gramsOf(commonText, size)));
/** What a common gram costs a place, as sum of the ranks of its bytes. */
const commonPenalty = 20;
/** The same for one that the texts before were full of. */
const avoidedPenalty = 100;

function gramsOf(bytes: Uint8Array, gramBytes: number): number[] {
  return Array.from({ length: bytes.length - gramBytes + 1 }, (_, at) => gramAt(bytes, at, gramBytes));
}

/** How rare the grams of a place are, the higher the rarer. */
function scoreOf(
  bytes: Uint8Array,
  place: number,
  gramBytes: number,
  stride: number,
  avoided: ReadonlySet<number>,
): number {
  let score = (commonPenalty + avoidedPenalty) * stride;
  for (let i = place; i < place + gramBytes + stride - 1; i++) {
    const rank = frequent.indexOf(bytes[i]! >= 0x41 && bytes[i]! <= 0x5a ? bytes[i]! + 32 : bytes[i]!);
    score += rank < 0 ? frequent.length : rank;
  }
  for (let i = place; i < place + stride; i++) {
    const gram = gramAt(bytes, i, gramBytes);
    if (commonGrams.has(gram)) score -= commonPenalty;
    if (avoided.has(gram)) score -= avoidedPenalty;
  }
  return score;
}

function gramAt(bytes: Uint8Array, at: number, gramBytes: number): number {
  let gram = 0;
  for (let i = gramBytes - 1; i >= 0; i--) gram = (gram << 8) | bytes[at + i]! | 0x20;
  return gram;
}
