import { SpanKind } from "@opentelemetry/api";
import { chatModels } from "../models.ts";
import { StepError } from "../recorder.ts";
import { chat, type Stage } from "../steps.ts";

const system = "Return the fields as JSON: number, date, supplier, net, tax, total. Use null for what is not there.";

const suppliers: readonly string[] = ["Nordwind Logistics", "Kabel & Co", "Papier Meyer", "Solar Ost"];

/** A worker that takes invoices from a queue and has a model read them, some pages at a time. */
export function documentJob(stage: Stage): void {
  const { recorder, random } = stage;
  const attributes = {
    ...stage.conversation,
    "messaging.system": "rabbitmq",
    "messaging.operation.type": "process",
    "messaging.destination.name": "invoices",
  };
  recorder.step({ name: "process invoices", kind: SpanKind.CONSUMER, attributes }, () => {
    const pages = random.int(1, 4);
    for (let page = 1; page <= pages; page++) readPage(stage, page, pages);
  });
}

function readPage(stage: Stage, page: number, pages: number): void {
  const { recorder, random } = stage;
  const supplier = random.pick(suppliers);
  const net = random.int(40, 900);
  const invoice = { number: `R-${random.int(1000, 9999)}`, date: "2026-03-14", supplier, net, tax: cents(net * 0.19) };
  recorder.step({ name: "read page", attributes: { "document.page": page, "document.pages": pages } }, () => {
    const text = `Invoice ${invoice.number} of ${supplier}, page ${page} of ${pages}. Net ${net} EUR, 19 % VAT.`;
    const answer = JSON.stringify({ ...invoice, total: cents(net * 1.19) });
    chat(stage, { model: chatModels.reader, system, messages: [{ role: "user", text }], answer, temperature: 0 });
    recorder.step({ name: "check fields" }, () => {
      recorder.wait(random.around(2));
      if (random.chance(3)) throw new StepError("ValidationError", "total is not net plus tax");
    });
  });
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
