import { modelFor, picture, questions, systemPrompt, weatherTool } from "./answers.mjs";
import { embeddingRow, image, inputOf, llmRow, row, toolRow, withoutResponseModel } from "./truth.mjs";

export const session = { sessionId: "chat-42", userId: "user-7" };
const metadata = { ...session, tags: ["paid", "eu"], plan: "pro" };
const functionId = "geography";

/**
 * The scenarios of the Vercel AI SDK, which are the same for every version.
 *
 * @param sdk the functions of `ai`, and `openai`, `anthropic` (providers)
 * @param version how this version is called: `telemetry(metadata, functionId)`, `toolSchema` (key of a tool's
 *   parameters), `loop` (options for up to 3 steps), `picturePart` (a message part), `names` of the spans,
 *   `reasons` (finish reasons as this version writes them), `rows` (by scenario: facts that it sends otherwise, or not at all)
 */
export function aiSdkScenarios({ ai, openai, anthropic }, version) {
  const { telemetry, names, reasons = { stop: "stop", tools: "tool-calls" } } = version;
  const chat = {
    openai: (question) => openai.chat(modelFor("openai", question)),
    anthropic: () => anthropic(modelFor("anthropic")),
  };
  const base = (api, question) => ({
    model: chat[api](question),
    system: systemPrompt,
    maxRetries: 0,
    ...telemetry({}, functionId),
  });
  const ask = (api, question) => ai.generateText({ ...base(api, question), prompt: questions[question] });
  const tool = ai.tool({
    description: weatherTool.description,
    [version.toolSchema]: ai.jsonSchema(weatherTool.parameters),
    execute: async () => weatherTool.result,
  });
  const tools = { [weatherTool.name]: tool };
  const without = (scenario, api = "openai") => version.rows?.[`${api}-${scenario}`] ?? {};
  const stopped = { FinishReasons: [reasons.stop] };

  const plain = (api, question, description) => ({
    run: () => ask(api, question),
    truth: {
      description,
      spans: [
        llmRow(names.generate(modelFor(api, question)), api, question, {
          ...stopped,
          InputContains: inputOf(question),
          ...without(question, api),
        }),
      ],
    },
  });
  const withTool = (api) => ({
    run: () => ai.generateText({ ...base(api, "tool"), prompt: questions.tool, tools, ...version.loop(ai) }),
    truth: {
      description: `generateText with a tool: the model of ${api} asks for the weather, the SDK runs the tool and asks again`,
      spans: [
        llmRow({ name: names.generate(modelFor(api)), nth: 0 }, api, "tool", {
          FinishReasons: [reasons.tools],
          ...without("tool", api),
        }),
        toolRow(names.tool(weatherTool.name)),
        llmRow({ name: names.generate(modelFor(api)), nth: 1 }, api, "toolResult", {
          InputContains: [questions.tool, weatherTool.result.sky],
          ...stopped,
          ...without("toolResult", api),
        }),
      ],
    },
  });
  const streamed = (api) => ({
    run: async () => {
      const { textStream } = await ai.streamText({ ...base(api, "stream"), prompt: questions.stream });
      for await (const _ of textStream);
    },
    truth: {
      description: `streamText, ${api}`,
      spans: [llmRow(names.stream(modelFor(api)), api, "stream", { ...stopped, ...without("stream", api) })],
    },
  });
  const withImage = (api) => ({
    run: () => {
      const content = [{ type: "text", text: questions.image }, version.picturePart(picture)];
      return ai.generateText({ ...base(api, "image"), messages: [{ role: "user", content }] });
    },
    truth: {
      description: `generateText with a picture as base64, ${api}`,
      spans: [
        llmRow(names.generate(modelFor(api)), api, "image", { ...stopped, images: [image], ...without("image", api) }),
      ],
    },
  });
  const refused = (api) => ({
    run: () => ask(api, "error").then(unexpected, () => undefined),
    truth: {
      description: `generateText is refused by ${api}`,
      spans: [llmRow(names.generate(modelFor(api)), api, "error", without("error", api))],
    },
  });

  return {
    "openai-chat": plain("openai", "chat", "generateText with a system prompt, OpenAI chat completions"),
    "openai-cached": plain("openai", "cached", "generateText, part of the input came from the cache"),
    "openai-reasoning": plain("openai", "reasoning", "generateText, a reasoning model"),
    "openai-tool": withTool("openai"),
    "openai-image": withImage("openai"),
    "openai-stream": streamed("openai"),
    "openai-error": refused("openai"),
    "openai-responses": {
      run: () =>
        ai.generateText({ ...base("openai"), model: openai.responses(modelFor("openai")), prompt: questions.cached }),
      truth: {
        description: "generateText, OpenAI responses API, part of the input came from the cache",
        spans: [
          llmRow(names.generate(modelFor("openai")), "openai", "cached", { ...stopped, ...without("responses") }),
        ],
      },
    },
    "openai-object": {
      run: () => {
        const schema = ai.jsonSchema({
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
          additionalProperties: false,
        });
        return ai.generateObject({ ...base("openai", "object"), prompt: questions.object, schema, ...version.object });
      },
      truth: {
        description: "generateObject",
        spans: [
          llmRow(names.object(modelFor("openai")), "openai", "object", {
            ...stopped,
            OutputContains: ["city", "Paris"],
            ...without("object"),
          }),
        ],
      },
    },
    "openai-embedding": {
      run: () =>
        ai.embed({
          model: openai.textEmbeddingModel("text-embedding-3-small"),
          value: questions.embedding,
          ...telemetry({}, functionId),
        }),
      truth: {
        description: "embed",
        spans: [embeddingRow(names.embed("text-embedding-3-small"), withoutResponseModel(without("embedding")))],
      },
    },
    "openai-session": {
      run: () =>
        ai.generateText({
          model: openai.chat(modelFor("openai")),
          prompt: questions.session,
          ...telemetry(metadata, functionId),
        }),
      truth: {
        description: "generateText with session and user, tags and metadata through the SDK's telemetry settings",
        trace: session,
        spans: [
          llmRow(names.generate(modelFor("openai")), "openai", "session", {
            ...stopped,
            SessionId: session.sessionId,
            UserId: session.userId,
            ...without("session"),
          }),
          row(names.outer(modelFor("openai")), { SessionId: session.sessionId, UserId: session.userId }),
        ],
      },
    },
    "anthropic-cached": plain("anthropic", "cached", "generateText, Anthropic with cache reads and writes"),
    "anthropic-tool": withTool("anthropic"),
    "anthropic-image": withImage("anthropic"),
    "anthropic-stream": streamed("anthropic"),
    "anthropic-error": refused("anthropic"),
  };
}

/** Names of the spans that versions 4 to 6, and the legacy integration of 7, write. */
export const legacyNames = {
  generate: () => "ai.generateText.doGenerate",
  stream: () => "ai.streamText.doStream",
  object: () => "ai.generateObject.doGenerate",
  embed: () => "ai.embed.doEmbed",
  tool: () => "ai.toolCall",
  outer: () => "ai.generateText",
};

export function unexpected() {
  throw new Error("the call did not fail");
}
