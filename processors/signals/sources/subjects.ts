import type { DerivedName } from "../../../pipeline/span-batch/derived.ts";
import type { SpanBatch } from "../../../pipeline/span-batch/span-batch.ts";
import { type FieldType, fieldTypes, isSpanField } from "../fields.ts";
import { DerivedNumber, type NumberSource, SpanDuration } from "./number-source.ts";
import { AttributeText, DerivedText, StatusMessageText } from "./text-source.ts";
import { type ReportFault, TextSubject } from "./text-subject.ts";
import { DerivedWord, ResourceWord, SpanWord, type WordSource } from "./word-source.ts";

/** The texts that the rules of one engine look at, each made once, however many rules name it. */
export class Subjects {
  readonly #maxTextBytes: number;
  readonly report: ReportFault;
  readonly #fields = new Map<string, TextSubject>();
  readonly #attributes = new Map<string, AttributeSubject>();

  constructor(maxTextBytes: number, report: ReportFault) {
    this.#maxTextBytes = maxTextBytes;
    this.report = report;
  }

  /** A field of type text. */
  field(name: string): TextSubject {
    let subject = this.#fields.get(name);
    if (subject === undefined) {
      const source = name === "StatusMessage" ? new StatusMessageText() : new DerivedText(name as DerivedName);
      subject = new TextSubject(source, this.#maxTextBytes, this.report);
      this.#fields.set(name, subject);
    }
    return subject;
  }

  /** An attribute of spans. */
  attribute(key: string): AttributeSubject {
    let subject = this.#attributes.get(key);
    if (subject === undefined) {
      const source = new AttributeText(key);
      subject = { text: new TextSubject(source, this.#maxTextBytes, this.report), source };
      this.#attributes.set(key, subject);
    }
    return subject;
  }

  bind(batch: SpanBatch): void {
    for (const subject of this.#fields.values()) subject.bind(batch);
    for (const { text } of this.#attributes.values()) text.bind(batch);
  }
}

/** An attribute: a text where it is a string, a value otherwise. */
export interface AttributeSubject {
  readonly text: TextSubject;
  readonly source: AttributeText;
}

/** The source of a field of type number or duration. */
export function numberSource(field: string): NumberSource {
  return field === "Duration" ? new SpanDuration() : new DerivedNumber(field as DerivedName);
}

/** The source of a field of type word. */
export function wordSource(field: string): WordSource {
  if (field === "ServiceName") return new ResourceWord("service.name");
  if (isSpanField(field)) return new SpanWord(field as ConstructorParameters<typeof SpanWord>[0]);
  return new DerivedWord(field as DerivedName);
}

/** The type of a field that has met the schema. */
export function typeOfField(field: string): FieldType {
  return fieldTypes.get(field)!;
}
