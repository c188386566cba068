import { weatherTool } from "./answers.mjs";

/** POST /v1/messages of Anthropic: `input_tokens` are those that were neither read from nor written to the cache. */
export function anthropicReply({ answer, body }) {
  if (answer.status !== undefined) {
    const error = { type: answer.type, message: answer.message };
    return { status: answer.status, json: { type: "error", error, request_id: "req_recording_1" } };
  }
  return body.stream === true ? { events: eventsOf(answer) } : { json: messageOf(answer) };
}

function messageOf(answer) {
  return {
    id: `msg_${answer.question}`,
    type: "message",
    role: "assistant",
    model: answer.models.response,
    content: [contentOf(answer)],
    stop_reason: stopReason(answer),
    stop_sequence: null,
    usage: { ...inputUsage(answer), output_tokens: answer.output },
  };
}

function contentOf({ toolCall: id, text }) {
  if (id === undefined) return { type: "text", text };
  return { type: "tool_use", id, name: weatherTool.name, input: weatherTool.arguments, caller: { type: "direct" } };
}

const stopReason = (answer) => (answer.toolCall === undefined ? "end_turn" : "tool_use");

function inputUsage({ input, cacheRead, cacheWrite }) {
  return {
    input_tokens: input - cacheRead - cacheWrite,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
    service_tier: "standard",
  };
}

function eventsOf(answer) {
  const message = messageOf(answer);
  const [content] = message.content;
  const events = [];
  const emit = (type, data = {}) => events.push([type, { type, ...data }]);
  const usage = { ...inputUsage(answer), output_tokens: 1 };
  emit("message_start", { message: { ...message, content: [], stop_reason: null, usage } });
  const empty = content.type === "text" ? { ...content, text: "" } : { ...content, input: {} };
  emit("content_block_start", { index: 0, content_block: empty });
  for (const delta of deltasOf(content)) emit("content_block_delta", { index: 0, delta });
  emit("content_block_stop", { index: 0 });
  const { stop_reason, stop_sequence } = message;
  emit("message_delta", { delta: { stop_reason, stop_sequence }, usage: { output_tokens: answer.output } });
  emit("message_stop");
  return events;
}

function deltasOf(content) {
  if (content.type !== "text") return [{ type: "input_json_delta", partial_json: JSON.stringify(content.input) }];
  return content.text.match(/\S+\s*/g).map((text) => ({ type: "text_delta", text }));
}
