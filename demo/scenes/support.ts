import { SpanKind } from "@opentelemetry/api";
import { chatModels } from "../models.ts";
import { StepError } from "../recorder.ts";
import { chat, executeTool, httpRequest, type Message, type Stage } from "../steps.ts";

const system = "You are the assistant of a bicycle shop. Be brief and kind. Look orders up before you talk about them.";

interface Turn {
  readonly question: string;
  readonly tool?: string;
  readonly answer: string;
}

const conversations: readonly (readonly Turn[])[] = [
  [
    {
      question: "Where is my order?",
      tool: "find_order",
      answer: "It left our warehouse this morning and comes tomorrow.",
    },
    { question: "Can it go to my office instead?", tool: "change_address", answer: "Done: it goes to your office." },
    { question: "Great, thanks!", answer: "You are welcome. Enjoy the ride!" },
  ],
  [
    {
      question: "The brakes of my new bike squeak.",
      answer: "New pads do for about 20 km. Does it stop by itself then?",
    },
    { question: "No, I have ridden 200 km.", tool: "book_repair", answer: "I have booked you in for Thursday at 10." },
  ],
  [
    {
      question: "Which lock do you recommend for a cargo bike?",
      tool: "search_products",
      answer: "A 13 mm chain of 110 cm.",
    },
    { question: "Is it in stock?", tool: "find_stock", answer: "Yes, 14 of them in the shop at the station." },
    { question: "And cheaper ones?", tool: "search_products", answer: "The folding lock costs half and weighs less." },
    { question: "I take the folding lock.", tool: "create_order", answer: "Ordered. You get the invoice by mail." },
  ],
];

/** One turn of a customer's conversation; the turns of a conversation share its session. */
export function supportTurn(stage: Stage, conversation: number, turn: number): void {
  const turns = turnsOf(conversation);
  const { question, tool, answer } = turns[turn]!;
  const history = turns.slice(0, turn).flatMap((past): Message[] => [
    { role: "user", text: past.question },
    { role: "assistant", text: past.answer },
  ]);
  const messages: Message[] = [...history, { role: "user", text: question }];
  const { recorder, random } = stage;
  const attributes = { ...stage.conversation, "http.request.method": "POST", "http.route": "/api/chat" };
  recorder.step({ name: "POST /api/chat", kind: SpanKind.SERVER, attributes }, (span) => {
    const model = random.chance(70) ? chatModels.small : chatModels.quick;
    if (tool !== undefined) {
      const call = { name: tool, arguments: { customer: stage.conversation["user.id"], text: question } };
      chat(stage, { model, system, messages, answer: "", toolCalls: [call] });
      executeTool(stage, call, () => runTool(stage, tool));
      messages.push({ role: "tool", text: JSON.stringify({ ok: true, tool }) });
    }
    chat(stage, { model, system, messages, answer, isStreaming: true, temperature: 0.7 });
    span.setAttribute("http.response.status_code", 200);
  });
}

/** How many turns the conversation with this number has. */
export function supportTurns(conversation: number): number {
  return turnsOf(conversation).length;
}

function turnsOf(conversation: number): readonly Turn[] {
  return conversations[conversation % conversations.length]!;
}

function runTool(stage: Stage, tool: string): unknown {
  if (stage.random.chance(4)) throw new StepError("ToolError", `${tool}: the shop's database is locked`);
  httpRequest(stage, "GET", new URL(`https://shop.example.com/internal/${tool}`), 45);
  return { ok: true, tool };
}
