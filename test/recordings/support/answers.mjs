/**
 * What the fake LLM server knows: for each question the answer it gives and the tokens it bills.
 *
 * The numbers of no two answers agree, so that a row which takes its tokens from another call is seen.
 * `input` includes `cacheRead` and `cacheWrite`; `output` includes `reasoning`.
 */

/** An 8x8 red PNG. */
export const picture = {
  base64: "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mO4IyeHFTEMLQkAid1GAQVcagkAAAAASUVORK5CYII=",
  mediaType: "image/png",
  width: 8,
  height: 8,
};

export const weatherTool = {
  name: "get_weather",
  description: "Tells the weather in a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string", description: "Name of the city" } },
    required: ["city"],
    additionalProperties: false,
  },
  arguments: { city: "Paris" },
  /** What the tool gives back. */
  result: { celsius: 21, sky: "sunny" },
};

const longText = "Signalbox keeps every span that it acknowledged. ".repeat(4).trim();

/** The texts that a user sends; the server finds the answer by them. */
export const questions = {
  chat: "What is the capital of France?",
  cached: `Summarise this handbook in a sentence: ${longText}`,
  tool: "What is the weather in Paris right now?",
  image: "What colour is this picture?",
  stream: "Count from one to five.",
  session: "Which river flows through Paris?",
  outer: "How many people live in Paris?",
  reasoning: "Is 9.11 larger than 9.9?",
  object: "Name the capital of France as JSON.",
  error: "Please be refused.",
  embedding: "Paris is the capital of France.",
};

export const systemPrompt = "You are a terse geographer.";

const openaiModels = { request: "gpt-4o-mini", response: "gpt-4o-mini-2024-07-18" };
const openaiReasoning = { request: "o4-mini", response: "o4-mini-2025-04-16" };
const anthropicModels = { request: "claude-sonnet-4-5", response: "claude-sonnet-4-5-20250929" };
const googleModels = { request: "gemini-2.5-flash", response: "gemini-2.5-flash-001" };

const capital = "The capital of France is Paris.";
const summary = "Acknowledged spans are never lost.";
const weather = "It is 21 degrees and sunny in Paris.";
const colour = "The picture is plain red.";
const count = "One, two, three, four, five.";
const river = "The Seine flows through Paris.";
const people = "About two million people live in Paris.";
const compared = "No: 9.9 is larger than 9.11.";
const object = '{"city":"Paris"}';

/** Answers by the API they are given in, then by question; `tool` is answered twice, before and after the tool ran. */
export const answers = {
  openai: {
    chat: { input: 120, output: 45, text: capital },
    cached: { input: 1500, cacheRead: 1024, output: 31, text: summary },
    tool: { input: 210, output: 22, toolCall: "call_weather_1" },
    toolResult: { input: 263, output: 18, text: weather },
    image: { input: 310, output: 12, text: colour },
    stream: { input: 95, output: 33, text: count },
    session: { input: 71, output: 14, text: river },
    outer: { input: 83, output: 17, text: people },
    reasoning: { input: 75, output: 200, reasoning: 128, text: compared, models: openaiReasoning },
    object: { input: 64, output: 9, text: object },
    embedding: { input: 8, output: 0 },
    error: { status: 429, message: "Rate limit reached for requests", type: "requests", code: "rate_limit_exceeded" },
  },
  anthropic: {
    chat: { input: 110, output: 41, text: capital },
    cached: { input: 2150, cacheRead: 1800, cacheWrite: 300, output: 61, text: summary },
    tool: { input: 402, output: 56, toolCall: "toolu_weather_1" },
    toolResult: { input: 481, output: 27, text: weather },
    image: { input: 330, output: 13, text: colour },
    stream: { input: 1290, cacheRead: 1200, output: 34, text: count },
    session: { input: 73, output: 15, text: river },
    outer: { input: 86, output: 19, text: people },
    object: { input: 66, output: 11, text: object },
    error: { status: 529, message: "Overloaded for now", type: "overloaded_error" },
  },
  google: {
    chat: { input: 115, output: 43, text: capital },
    cached: { input: 1600, cacheRead: 1100, output: 37, text: summary },
    tool: { input: 220, output: 23, toolCall: "call_weather_1" },
    toolResult: { input: 271, output: 21, text: weather },
    image: { input: 320, output: 16, text: colour },
    stream: { input: 97, output: 35, text: count },
    session: { input: 77, output: 24, text: river },
    outer: { input: 88, output: 26, text: people },
    reasoning: { input: 79, output: 190, reasoning: 144, text: compared },
    error: { status: 429, message: "Quota exceeded for requests", type: "RESOURCE_EXHAUSTED" },
  },
};

export const embeddingModel = "text-embedding-3-small";
export const embeddingVector = [0.25, -0.5, 0.75];

const models = { openai: openaiModels, anthropic: anthropicModels, google: googleModels };

/** The answer to `question` by `api`, with the names of the models that ask and answer, and all counts filled in. */
export function answerOf(api, question) {
  const answer = answers[api][question];
  const isEmbedding = question === "embedding";
  const used = isEmbedding ? { request: embeddingModel, response: embeddingModel } : (answer.models ?? models[api]);
  return { api, question, cacheRead: 0, cacheWrite: 0, reasoning: 0, input: 0, output: 0, ...answer, models: used };
}

/** The name of the model to ask `question`. */
export function modelFor(api, question = "chat") {
  return answerOf(api, question).models.request;
}
