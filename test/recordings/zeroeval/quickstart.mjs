// Spans, tags, signals, prompts and feedback as the TypeScript SDK sends them; ZEROEVAL_SDK is the path of its module.
import { strict as assert } from "node:assert";
import { setTimeout as sleep } from "node:timers/promises";

const { ZEROEVAL_API_URL: apiUrl, ZEROEVAL_API_KEY: apiKey, ZEROEVAL_SDK: sdk } = process.env;
const ze = await import(sdk);
ze.init({ apiKey, apiUrl });

const ids = {};
const call = { kind: "llm", provider: "openai", model: "gpt-4o", inputTokens: 150, outputTokens: 230 };
await ze.withSpan(
  { name: "chat", sessionId: "ts-chat-42", sessionName: "Chat", tags: { team: "search" } },
  async () => {
    ze.setTag(ze.getCurrentTrace(), { plan: "pro" });
    ze.setTag(ze.getCurrentSession(), { tier: "gold" });
    await ze.withSpan({ name: "llm", attributes: call }, async () => {
      const span = ze.getCurrentSpan();
      span.setIO("what?", "that!");
      span.setSignal?.("helpful", true);
      Object.assign(ids, { llm: span.spanId, trace: span.traceId });
    });
    const failing = ze.withSpan({ name: "tool" }, async () => {
      throw new TypeError("no such tool");
    });
    await failing.catch(() => undefined);
  },
);
await ze.tracer.flush();

await ze.sendSignal("span", ids.llm, "score", 0.9);
await ze.sendBulkSignals([
  { entity_type: "trace", entity_id: ids.trace, name: "outcome", value: "success", signal_type: "boolean" },
]);
const signals = await ze.getEntitySignals("span", ids.llm);
assert.equal(signals.find(({ name }) => name === "score").value, 0.9);

const made = await ze.prompt({ name: "greeter/one two", content: "Hello {{name}}", variables: { name: "Ada" } });
const [, decoration, text] = /^<zeroeval>(.*)<\/zeroeval>(.*)$/s.exec(made);
assert.equal(text, "Hello {{name}}");
assert.match(await ze.prompt({ name: "greeter/one two", from: "latest" }), /Hello \{\{name\}\}$/);
const { prompt_slug: promptSlug, task } = JSON.parse(decoration);
await ze.withSpan({ name: "prompted", attributes: { ...call, task, zeroeval: JSON.parse(decoration) } }, async () => {
  ids.prompted = ze.getCurrentSpan().spanId;
});
await ze.tracer.flush();
await sleep(1_000);
const feedback = await ze.sendFeedback({ promptSlug, completionId: ids.prompted, thumbsUp: true, reason: "good" });
assert.equal(feedback.thumbs_up, true);
const [span] = await (await fetch(`${apiUrl}/spans?id=${ids.llm}`)).json();
assert.equal(span.cost, 0.002675);
assert.equal(span.tags.team, "search");
process.exit(0);
