import { SpanKind } from "@opentelemetry/api";
import { chatModels } from "../models.ts";
import { chat, retrieve, type Stage } from "../steps.ts";

const system = "Answer from the documents alone and name them. Say so when they do not hold the answer.";

const questions: readonly {
  readonly question: string;
  readonly documents: readonly string[];
  readonly answer: string;
}[] = [
  {
    question: "How many days of leave do I have in my first year?",
    documents: ["Leave: 28 days a year, pro rata in the first year.", "Unused days pass to the end of March."],
    answer: "28 days for a whole year, pro rata from your first day [doc-1]. Unused days pass until March [doc-2].",
  },
  {
    question: "Who approves a laptop that costs more than 2,000 euros?",
    documents: ["Purchases above 1,500 euros: the head of the department.", "Laptops are replaced after four years."],
    answer: "The head of your department, since it is above 1,500 euros [doc-1].",
  },
  {
    question: "May I store customer data on my own phone?",
    documents: ["Customer data stays on managed devices.", "Private devices may be enrolled by the help desk."],
    answer: "No, unless the help desk has enrolled it as a managed device [doc-1, doc-2].",
  },
  {
    question: "What is the wifi password of the Lisbon office?",
    documents: ["Guests get a day's code at the desk."],
    answer: "The documents do not hold it. Guests get a code at the desk [doc-1].",
  },
];

/** A question about the company's handbook, answered from documents that were looked up. */
export function handbookQuestion(stage: Stage): void {
  const { recorder, random } = stage;
  const { question, documents, answer } = random.pick(questions);
  const attributes = { ...stage.conversation, "http.request.method": "POST", "http.route": "/ask" };
  recorder.step({ name: "POST /ask", kind: SpanKind.SERVER, attributes }, (span) => {
    retrieve(stage, question, documents);
    const text = `Documents:\n${documents.map((document, i) => `[doc-${i + 1}] ${document}`).join("\n")}\n\n${question}`;
    const model = random.chance(60) ? chatModels.reader : chatModels.large;
    chat(stage, { model, system, messages: [{ role: "user", text }], answer, isStreaming: true });
    span.setAttribute("http.response.status_code", 200);
  });
}
