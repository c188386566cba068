import { weatherTool } from "./answers.mjs";

/** POST /v1beta/models/NAME:generateContent and :streamGenerateContent: candidates do not count thoughts. */
export function googleReply({ answer, pathname }) {
  if (answer.status !== undefined) {
    const error = { code: answer.status, message: answer.message, status: answer.type };
    return { status: answer.status, json: { error } };
  }
  if (!pathname.endsWith(":streamGenerateContent")) return { json: responseOf(answer, partsOf(answer), "STOP") };
  const parts = partsOf(answer);
  const halves = parts[0].text === undefined ? [parts] : halvesOf(parts[0].text);
  return {
    events: halves.map((half, index) => [
      null,
      responseOf(answer, half, index === halves.length - 1 ? "STOP" : undefined),
    ]),
  };
}

function partsOf({ toolCall: id, text }) {
  if (id === undefined) return [{ text }];
  return [{ functionCall: { id, name: weatherTool.name, args: weatherTool.arguments } }];
}

function halvesOf(text) {
  const middle = text.indexOf(" ", text.length / 2);
  return [[{ text: text.slice(0, middle) }], [{ text: text.slice(middle) }]];
}

function responseOf({ input, output, cacheRead, reasoning, models, question }, parts, finishReason) {
  return {
    candidates: [{ content: { role: "model", parts }, index: 0, ...(finishReason && { finishReason }) }],
    usageMetadata: {
      promptTokenCount: input,
      candidatesTokenCount: output - reasoning,
      ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
      ...(cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
      totalTokenCount: input + output,
    },
    modelVersion: models.response,
    responseId: `gemini_${question}`,
  };
}
