import { embeddingVector, weatherTool } from "./answers.mjs";

const created = 1_760_000_000;

/** POST /v1/chat/completions. */
export function chatReply({ answer, body }) {
  if (answer.status !== undefined) return openaiError(answer.status, answer.message, answer.type, answer.code);
  return body.stream === true ? { events: chatChunks(answer, body) } : { json: chatCompletion(answer) };
}

export function openaiError(status, message, type = "invalid_request_error", code = null) {
  return { status, json: { error: { message, type, param: null, code } } };
}

function chatCompletion(answer) {
  const message = { role: "assistant", content: answer.text ?? null, refusal: null, annotations: [] };
  if (answer.toolCall !== undefined) message.tool_calls = [toolCall(answer)];
  return {
    ...envelope("chat.completion", answer),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(answer) }],
    usage: chatUsage(answer),
  };
}

function chatChunks(answer, body) {
  const chunk = (delta, finish_reason = null) => [
    null,
    { ...envelope("chat.completion.chunk", answer), choices: [{ index: 0, delta, logprobs: null, finish_reason }] },
  ];
  const events = [chunk({ role: "assistant", content: answer.text === undefined ? null : "" })];
  if (answer.toolCall !== undefined) events.push(chunk({ tool_calls: [{ index: 0, ...toolCall(answer) }] }));
  for (const word of wordsOf(answer)) events.push(chunk({ content: word }));
  events.push(chunk({}, finishReason(answer)));
  if (body.stream_options?.include_usage === true) {
    events.push([null, { ...envelope("chat.completion.chunk", answer), choices: [], usage: chatUsage(answer) }]);
  }
  return [...events, [null, "[DONE]"]];
}

function envelope(object, { question, models }) {
  return {
    id: `chatcmpl-${question}`,
    object,
    created,
    model: models.response,
    service_tier: "default",
    system_fingerprint: "fp_recording",
  };
}

function chatUsage({ input, output, cacheRead, reasoning }) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

const finishReason = (answer) => (answer.toolCall === undefined ? "stop" : "tool_calls");

function toolCall({ toolCall: id }) {
  return {
    id,
    type: "function",
    function: { name: weatherTool.name, arguments: JSON.stringify(weatherTool.arguments) },
  };
}

const wordsOf = (answer) => answer.text?.match(/\S+\s*/g) ?? [];

/** POST /v1/responses. */
export function responsesReply({ answer, body }) {
  if (answer.status !== undefined) return openaiError(answer.status, answer.message, answer.type, answer.code);
  const response = responseObject(answer);
  return body.stream === true ? { events: responseEvents(answer, response) } : { json: response };
}

function responseObject(answer) {
  const { question, models, input, output, cacheRead, reasoning } = answer;
  const items = [];
  if (reasoning > 0) items.push({ id: `rs_${question}`, type: "reasoning", summary: [] });
  items.push(answer.toolCall === undefined ? messageItem(answer) : functionCallItem(answer));
  return {
    id: `resp_${question}`,
    object: "response",
    created_at: created,
    status: "completed",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    model: models.response,
    output: items,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    service_tier: "default",
    store: true,
    temperature: 1,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    truncation: "disabled",
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: cacheRead },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: reasoning },
      total_tokens: input + output,
    },
    metadata: {},
  };
}

function messageItem({ question, text }) {
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return { id: `msg_${question}`, type: "message", status: "completed", role: "assistant", content };
}

function functionCallItem({ toolCall: call_id }) {
  const { name, arguments: given } = weatherTool;
  return { id: "fc_1", type: "function_call", status: "completed", call_id, name, arguments: JSON.stringify(given) };
}

function responseEvents(answer, response) {
  const events = [];
  const emit = (type, data) => events.push([type, { type, sequence_number: events.length, ...data }]);
  const started = { ...response, status: "in_progress", output: [], usage: null };
  emit("response.created", { response: started });
  emit("response.in_progress", { response: started });
  response.output.forEach((item, output_index) => {
    const at = { item_id: item.id, output_index };
    emit("response.output_item.added", { output_index, item: emptied(item) });
    if (item.type === "function_call") {
      emit("response.function_call_arguments.delta", { ...at, delta: item.arguments });
      emit("response.function_call_arguments.done", { ...at, name: item.name, arguments: item.arguments });
    }
    if (item.type === "message") {
      const [part] = item.content;
      emit("response.content_part.added", { ...at, content_index: 0, part: { ...part, text: "" } });
      for (const delta of wordsOf(answer)) {
        emit("response.output_text.delta", { ...at, content_index: 0, delta, logprobs: [] });
      }
      emit("response.output_text.done", { ...at, content_index: 0, text: part.text, logprobs: [] });
      emit("response.content_part.done", { ...at, content_index: 0, part });
    }
    emit("response.output_item.done", { output_index, item });
  });
  emit("response.completed", { response });
  return events;
}

function emptied(item) {
  if (item.type === "message") return { ...item, status: "in_progress", content: [] };
  return item.type === "function_call" ? { ...item, status: "in_progress", arguments: "" } : item;
}

/** POST /v1/embeddings. */
export function embeddingsReply({ answer, body }) {
  const inputs = Array.isArray(body.input) ? body.input : [body.input];
  const packed = Buffer.from(Float32Array.from(embeddingVector).buffer).toString("base64");
  const embedding = body.encoding_format === "base64" ? packed : embeddingVector;
  return {
    json: {
      object: "list",
      data: inputs.map((_, index) => ({ object: "embedding", index, embedding })),
      model: answer.models.response,
      usage: { prompt_tokens: answer.input, total_tokens: answer.input },
    },
  };
}
