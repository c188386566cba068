import { Random } from "./generate.ts";

type Plain = Record<string, unknown>;

/** Makes random ExportTraceServiceRequests, as plain objects of protobufjs, in which every field of OTLP occurs. */
export class RequestMaker {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
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
        kind: this.#random.int(5) + 1,
        startTimeUnixNano: this.#time(),
        endTimeUnixNano: this.#time(),
        attributes: this.#attributes(),
        droppedAttributesCount: this.#count(),
        events: this.#some(0, 3, () => this.#event()),
        droppedEventsCount: this.#count(),
        links: this.#some(0, 3, () => this.#link()),
        droppedLinksCount: this.#count(),
        status: { message: this.#text(), code: this.#random.int(2) + 1 },
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
      () => ({ stringValue: this.#random.chance(20) ? "" : this.#text() }),
      () => ({ boolValue: this.#random.chance(50) }),
      () => ({ intValue: BigInt.asIntN(64, this.#bits() >> BigInt(this.#random.int(64))).toString() }),
      () => ({ doubleValue: [0, -0, 1, 1.5e300, Number.NaN, Number.NEGATIVE_INFINITY][this.#random.int(6)] }),
      () => ({ bytesValue: this.#id(this.#random.int(40)) }),
      () => ({ arrayValue: this.#list(() => this.#value(depth - 1)) }),
      () => ({ kvlistValue: this.#list(() => ({ key: this.#text(), value: this.#value(depth - 1) })) }),
    ];
    return makers[this.#random.int(depth === 0 ? 6 : 8)]!();
  }

  #list(make: () => Plain): Plain {
    const values = this.#some(0, 3, make);
    return values.length === 0 ? {} : { values };
  }

  /** Leaves out some of the fields, and lists that are empty, as the wire does. */
  #sparse(fields: Plain): Plain {
    const kept = Object.entries(fields).filter(
      ([, value]) => this.#random.chance(70) && !(Array.isArray(value) && value.length === 0),
    );
    return Object.fromEntries(kept);
  }

  #some<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.#random.int(most - least + 1) }, make);
  }

  #count(): number {
    return [1, 127, 128, 0xffffffff][this.#random.int(4)]!;
  }

  #bits(): bigint {
    return (BigInt(this.#random.int(2 ** 32)) << 32n) | BigInt(this.#random.int(2 ** 32));
  }

  #time(): string {
    return ((this.#bits() >> 1n) | 1n).toString();
  }

  #text(): string {
    return "grün ✓ ".repeat(1 + this.#random.int(3)) + "x".repeat(this.#random.int(200));
  }

  /** Never all zero. */
  #id(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => 1 + this.#random.int(255)));
  }
}
