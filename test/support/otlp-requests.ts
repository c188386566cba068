type Plain = Record<string, unknown>;

/** Numbers in [0, 1) that are the same in every run with the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Makes random ExportTraceServiceRequests, as plain objects of protobufjs, in which every field of OTLP occurs. */
export class RequestMaker {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  request(): Plain {
    return { resourceSpans: this.#some(1, 4, () => this.#resourceSpans()) };
  }

  #resourceSpans(): Plain {
    return {
      resource: this.#sparse({ attributes: this.#attributes(), droppedAttributesCount: this.#count() }),
      scopeSpans: this.#some(1, 3, () => this.#scopeSpans()),
      ...this.#sparse({ schemaUrl: this.#text() }),
    };
  }

  #scopeSpans(): Plain {
    const scope = { name: this.#text(), version: this.#text(), attributes: this.#attributes() };
    return {
      scope: this.#sparse({ ...scope, droppedAttributesCount: this.#count() }),
      spans: this.#some(1, 5, () => this.#span()),
      ...this.#sparse({ schemaUrl: this.#text() }),
    };
  }

  #span(): Plain {
    return {
      traceId: this.#id(16),
      spanId: this.#id(8),
      ...this.#sparse({
        traceState: this.#text(),
        parentSpanId: this.#id(8),
        name: this.#text(),
        kind: this.#below(5) + 1,
        startTimeUnixNano: this.#time(),
        endTimeUnixNano: this.#time(),
        attributes: this.#attributes(),
        droppedAttributesCount: this.#count(),
        events: this.#some(0, 3, () => this.#event()),
        droppedEventsCount: this.#count(),
        links: this.#some(0, 3, () => this.#link()),
        droppedLinksCount: this.#count(),
        status: { message: this.#text(), code: this.#below(2) + 1 },
        flags: this.#count(),
      }),
    };
  }

  #event(): Plain {
    const attributes = this.#attributes();
    return this.#sparse({
      timeUnixNano: this.#time(),
      name: this.#text(),
      attributes,
      droppedAttributesCount: this.#count(),
    });
  }

  #link(): Plain {
    return {
      traceId: this.#id(16),
      spanId: this.#id(8),
      ...this.#sparse({
        traceState: this.#text(),
        attributes: this.#attributes(),
        droppedAttributesCount: this.#count(),
        flags: this.#count(),
      }),
    };
  }

  /** Distinct keys; every type of value, their zeros included. */
  #attributes(): Plain[] {
    let number = 0;
    return this.#some(0, 6, () => ({ key: `key.${number++}`, value: this.#value(3) }));
  }

  #value(depth: number): Plain {
    const makers: (() => Plain)[] = [
      () => ({}),
      () => ({ stringValue: this.#random() < 0.2 ? "" : this.#text() }),
      () => ({ boolValue: this.#random() < 0.5 }),
      () => ({ intValue: BigInt.asIntN(64, this.#bits() >> BigInt(this.#below(64))).toString() }),
      () => ({ doubleValue: [0, -0, 1, 1.5e300, Number.NaN, Number.NEGATIVE_INFINITY][this.#below(6)] }),
      () => ({ bytesValue: this.#id(this.#below(40)) }),
      () => ({ arrayValue: this.#list(() => this.#value(depth - 1)) }),
      () => ({ kvlistValue: this.#list(() => ({ key: this.#text(), value: this.#value(depth - 1) })) }),
    ];
    return makers[this.#below(depth === 0 ? 6 : 8)]!();
  }

  #list(make: () => Plain): Plain {
    const values = this.#some(0, 3, make);
    return values.length === 0 ? {} : { values };
  }

  /** Leaves out some of the fields, and lists that are empty, as the wire does. */
  #sparse(fields: Plain): Plain {
    const kept = Object.entries(fields).filter(
      ([, value]) => this.#random() < 0.7 && !(Array.isArray(value) && value.length === 0),
    );
    return Object.fromEntries(kept);
  }

  #some<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.#below(most - least + 1) }, make);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #count(): number {
    return [1, 127, 128, 0xffffffff][this.#below(4)]!;
  }

  #bits(): bigint {
    return (BigInt(this.#below(2 ** 32)) << 32n) | BigInt(this.#below(2 ** 32));
  }

  #time(): string {
    return ((this.#bits() >> 1n) | 1n).toString();
  }

  #text(): string {
    return "grün ✓ ".repeat(1 + this.#below(3)) + "x".repeat(this.#below(200));
  }

  /** Never all zero. */
  #id(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => 1 + this.#below(255)));
  }
}
