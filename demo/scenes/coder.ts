import { chatModels } from "../models.ts";
import { StepError } from "../recorder.ts";
import { chat, executeTool, httpRequest, invokeAgent, type Message, type Stage, type ToolCall } from "../steps.ts";

const system = "You change a codebase. Read before you write, keep changes small, run the tests, and say what you did.";

const tasks: readonly string[] = [
  "The invoice totals are off by a cent when a discount applies. Find out why and mend it.",
  "Add a --json option to the export command.",
  "The test of the date parser fails on Mondays.",
  "Upgrade the HTTP client and adapt to its new error types.",
];

const moves: readonly {
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
  readonly typicalMs: number;
}[] = [
  { tool: "read_file", arguments: { path: "src/invoice/total.ts" }, typicalMs: 3 },
  { tool: "search_code", arguments: { pattern: "roundHalfEven", path: "src" }, typicalMs: 60 },
  { tool: "edit_file", arguments: { path: "src/invoice/total.ts", change: "round after the discount" }, typicalMs: 5 },
  { tool: "run_tests", arguments: { filter: "invoice" }, typicalMs: 4_200 },
];

/** A coding agent that plans, has another agent look at the web, works in a loop, and is reviewed by a third. */
export function codingTask(stage: Stage): void {
  const { random } = stage;
  const task = random.pick(tasks);
  invokeAgent(stage, "engineer", task, () => {
    const plan = "1. Reproduce it. 2. Find the cause. 3. Mend it with a test.";
    const messages: Message[] = [{ role: "user", text: task }];
    chat(stage, { model: chatModels.coder, system, messages, answer: plan });
    messages.push({ role: "assistant", text: plan });
    if (random.chance(40)) research(stage, task);
    const rounds = random.int(2, 6);
    for (let round = 0; round < rounds; round++) work(stage, messages, round);
    review(stage, task);
  });
}

function work(stage: Stage, messages: Message[], round: number): void {
  const { recorder, random } = stage;
  const move = moves[round % moves.length]!;
  const call: ToolCall = { name: move.tool, arguments: move.arguments };
  // The conversation is sent whole every time; what was sent before comes from the provider's cache.
  chat(stage, {
    model: chatModels.coder,
    system,
    messages: [...messages],
    answer: `I use ${move.tool} next.`,
    toolCalls: [call],
    cachedTokens: 1_800 + round * 900,
  });
  executeTool(stage, call, () => {
    recorder.wait(random.around(move.typicalMs));
    if (move.tool === "run_tests" && random.chance(20)) throw new StepError("TestFailure", "2 of 41 tests failed");
    return { ok: true };
  });
  messages.push({ role: "tool", text: `${move.tool}: ok` });
}

function research(stage: Stage, task: string): void {
  invokeAgent(stage, "researcher", `Find what is known about: ${task}`, () => {
    const call: ToolCall = { name: "fetch_page", arguments: { url: "https://docs.example.com/rounding" } };
    const messages: Message[] = [{ role: "user", text: task }];
    chat(stage, { model: chatModels.quick, system: "You research.", messages, answer: "", toolCalls: [call] });
    executeTool(stage, call, () => {
      httpRequest(stage, "GET", new URL("https://docs.example.com/rounding"), 240);
      return { status: 200, characters: 5_120 };
    });
    const answer = "Round once, at the end, half to even; the documentation shows an example.";
    chat(stage, { model: chatModels.quick, system: "You research.", messages, answer });
  });
}

function review(stage: Stage, task: string): void {
  invokeAgent(stage, "reviewer", "Review the change.", () => {
    const messages: Message[] = [
      { role: "user", text: `The task was: ${task}\nThe change: round after the discount.` },
    ];
    const answer = "The change is small and tested. One remark: the test's name should say what it proves.";
    chat(stage, { model: chatModels.large, system: "You review code.", messages, answer, temperature: 0 });
  });
}
