import { createHash } from "node:crypto";
import { answerOf, picture, questions, systemPrompt, weatherTool } from "./answers.mjs";

/*
 * Rows that must come out, made from what the server answers and the script asks - never from what a span says.
 * `not` names facts that the emitter sends in no form at all: they are left out, of the sums of the trace as well, and
 * listed as notTransmitted. `elsewhere` names those that stand on another span of the trace only: the sums keep them. `logged`
 * names those that stand in log records of the span only: they are no part of its row, and the API shows them with it.
 */

const providers = { openai: "openai", anthropic: "anthropic", google: "gcp.gemini" };
const asked = { toolResult: "tool" };
const firstReason = { openai: "stop", anthropic: "end_turn", google: "STOP" };
const toolReason = { openai: "tool_calls", anthropic: "tool_use", google: "STOP" };

/** The row of one call of a model. @param more facts beside those of the answer, or another wording of one */
export function llmRow(select, api, question, { not, elsewhere, logged, ...more } = {}) {
  const answer = answerOf(api, question);
  const failed = answer.status !== undefined;
  const expect = {
    OperationKind: "llm",
    Provider: providers[api],
    RequestModel: answer.models.request,
    InputContains: [questions[asked[question] ?? question]],
    ...(failed ? { ErrorMessageContains: answer.message } : successOf(answer)),
    ...(question === "image" && { images: [image] }),
    ...more,
  };
  return row(select, expect, { not, elsewhere, logged });
}

function successOf(answer) {
  const { api, models, input, output, cacheRead, cacheWrite, reasoning, text, toolCall } = answer;
  return {
    ResponseModel: models.response,
    InputTokens: input,
    OutputTokens: output,
    CacheReadTokens: cacheRead,
    ...(cacheWrite > 0 && { CacheWriteTokens: cacheWrite }),
    ...(reasoning > 0 && { ReasoningTokens: reasoning }),
    TotalTokens: input + output,
    FinishReasons: [toolCall === undefined ? firstReason[api] : toolReason[api]],
    ...(text !== undefined && { OutputContains: [text] }),
    ...(toolCall !== undefined && { ToolCalls: [{ name: weatherTool.name, arguments: weatherTool.arguments }] }),
  };
}

/** The picture of `answers.mjs`. */
export const image = {
  sha256: createHash("sha256").update(Buffer.from(picture.base64, "base64")).digest("hex"),
  mediaType: picture.mediaType,
  width: picture.width,
  height: picture.height,
};

/** The row of one embeddings request. */
export function embeddingRow(select, { not, elsewhere, logged, ...more } = {}) {
  const { models, input } = answerOf("openai", "embedding");
  const expect = {
    OperationKind: "embedding",
    Provider: "openai",
    RequestModel: models.request,
    ResponseModel: models.response,
    InputTokens: input,
    OutputTokens: 0,
    TotalTokens: input,
    InputContains: [questions.embedding],
    ...more,
  };
  return row(select, expect, { not, elsewhere, logged });
}

/** Of an emitter that does not say which model has answered. */
export const withoutResponseModel = ({ not = [], ...more } = {}) => ({ ...more, not: [...not, "ResponseModel"] });

/** The row of the weather tool being run. */
export function toolRow(select, { not, elsewhere, ...more } = {}) {
  const expect = {
    OperationKind: "tool",
    InputContains: [weatherTool.arguments.city],
    OutputContains: [weatherTool.result.sky],
    ...more,
  };
  return row(select, expect, { not, elsewhere });
}

/** Any other row: an agent, a chain. */
export function row(select, expect, { not = [], elsewhere = [], logged = [] } = {}) {
  const sent = Object.entries(expect).filter(([fact]) => !not.includes(fact) && !elsewhere.includes(fact));
  const kept = sent.filter(([fact]) => !logged.includes(fact));
  const apart = sent.filter(([fact]) => logged.includes(fact));
  const selector = typeof select === "string" ? { name: select } : select;
  const more = apart.length > 0 && { logged: Object.fromEntries(apart) };
  return { select: selector, expect: Object.fromEntries(kept), ...more, not, elsewhere };
}

/** The system prompt is part of the input as well. */
export const inputOf = (question) => [systemPrompt, questions[question]];
