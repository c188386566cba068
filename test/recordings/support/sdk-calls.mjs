import { embeddingModel, modelFor, picture, questions, systemPrompt, weatherTool } from "./answers.mjs";
import { embeddingRow, inputOf, llmRow, row, toolRow } from "./truth.mjs";

export const session = { sessionId: "chat-42", userId: "user-7" };

const system = { role: "system", content: systemPrompt };
const user = (content) => ({ role: "user", content });

/**
 * The scenarios of an instrumentation of the OpenAI SDK.
 *
 * @param client the instrumented client; its maxRetries must be 0
 * @param version what differs: `names` of the spans (`chat`, `stream`, `responses`, `embedding`, `tool`,
 *   `outer`), `tool(run, args)`
 *   that runs the tool the way the SDK traces tools, `session(run)`, `outer(run)` and `stream(run)` around a call, `all`, or for
 *   one scenario `rows` (further facts of the row, `not` and `elsewhere`), `skip` (scenarios of which nothing is sent)
 */
export function openaiScenarios(client, version) {
  const { names, skip = [] } = version;
  const complete = (question, more = {}) =>
    client.chat.completions.create({
      model: modelFor("openai", question),
      messages: [system, user(questions[question])],
      ...more,
    });
  const chatRow = (scenario, nth, more = {}) => {
    const name = scenario === "stream" ? (names.stream ?? names.chat) : names.chat;
    const select = { name: nameOf(name, modelFor("openai", scenario)), ...(nth !== undefined && { nth }) };
    return llmRow(select, "openai", scenario, { ...more, ...(version.rows?.[scenario] ?? version.all) });
  };
  const single = (scenario, description, more) => ({
    run: () => complete(scenario, more),
    truth: { description, spans: [chatRow(scenario, undefined, { InputContains: inputOf(scenario) })] },
  });
  const all = {
    "openai-chat": single("chat", "chat completion with a system prompt", { temperature: 0.3, max_tokens: 100 }),
    "openai-cached": single("cached", "chat completion, part of the input came from the cache"),
    "openai-reasoning": single("reasoning", "chat completion of a reasoning model"),
    "openai-tool": {
      run: () => openaiToolLoop(client, version),
      truth: {
        description: "the model asks for a tool, the script runs it and asks again",
        spans: [
          chatRow("tool", 0),
          chatRow("toolResult", 1, { InputContains: [questions.tool, weatherTool.result.sky] }),
          ...(names.tool === undefined ? [] : [toolRow(names.tool, version.rows?.toolSpan)]),
        ],
      },
    },
    "openai-image": {
      run: () => {
        const url = `data:${picture.mediaType};base64,${picture.base64}`;
        const content = [
          { type: "text", text: questions.image },
          { type: "image_url", image_url: { url } },
        ];
        return client.chat.completions.create({ model: modelFor("openai"), messages: [user(content)] });
      },
      truth: { description: "a picture as a data URL in the input", spans: [chatRow("image")] },
    },
    "openai-stream": {
      run: () =>
        (version.stream ?? call)(async () => {
          const stream = await complete("stream", { stream: true, stream_options: { include_usage: true } });
          for await (const _ of stream);
        }),
      truth: { description: "streamed chat completion with usage", spans: [chatRow("stream")] },
    },
    "openai-error": {
      run: () => complete("error").then(unexpected, () => undefined),
      truth: { description: "the API refuses with status 429", spans: [chatRow("error")] },
    },
    "openai-embedding": {
      run: () => client.embeddings.create({ model: embeddingModel, input: questions.embedding }),
      truth: {
        description: "embedding of one text",
        spans: [embeddingRow(nameOf(names.embedding, embeddingModel), { ...(version.rows?.embedding ?? version.all) })],
      },
    },
    "openai-responses": {
      run: () =>
        client.responses.create({ model: modelFor("openai"), instructions: systemPrompt, input: questions.cached }),
      truth: {
        description: "responses API, part of the input came from the cache",
        spans: [
          llmRow(nameOf(names.responses ?? names.chat, modelFor("openai")), "openai", "cached", {
            FinishReasons: ["completed"],
            ...(version.rows?.responses ?? version.all),
          }),
        ],
      },
    },
    "openai-session": {
      run: () => version.session?.(() => complete("session")),
      truth: {
        description: "session and user through the API that the SDK has for it",
        trace: session,
        spans: [chatRow("session", undefined, { SessionId: session.sessionId, UserId: session.userId })],
      },
    },
    "openai-outer": {
      run: () => version.outer?.(async () => [await complete("outer"), await complete("chat")]),
      truth: {
        description: "two calls inside an outer span",
        spans: [
          chatRow("outer", 0),
          chatRow("chat", 1),
          ...(names.outer === undefined ? [] : [row(names.outer, version.rows?.outerSpan ?? {})]),
        ],
      },
    },
  };
  const unused = [
    ...skip,
    ...(version.session === undefined ? ["openai-session"] : []),
    ...(version.outer === undefined ? ["openai-outer"] : []),
  ];
  return picked(all, unused, version);
}

/** The scenarios that are wanted; `version.select` narrows the selection of every row. */
function picked(all, unwanted, { select = {} }) {
  const wanted = Object.entries(all).filter(([name]) => !unwanted.includes(name));
  for (const [, { truth }] of wanted) {
    truth.spans = truth.spans.map((span) => ({ ...span, select: { ...span.select, ...select } }));
  }
  return Object.fromEntries(wanted);
}

async function openaiToolLoop(client, { tool = (run, args) => run(args) }) {
  const { name, description, parameters } = weatherTool;
  const tools = [{ type: "function", function: { name, description, parameters } }];
  const question = user(questions.tool);
  const ask = (messages) => client.chat.completions.create({ model: modelFor("openai"), messages, tools });
  const { message } = (await ask([question])).choices[0];
  const [call] = message.tool_calls;
  const result = await tool(async () => weatherTool.result, JSON.parse(call.function.arguments), call.id);
  await ask([question, message, { role: "tool", tool_call_id: call.id, content: JSON.stringify(result) }]);
}

/** The scenarios of an instrumentation of the Anthropic SDK; the parameters are those of `openaiScenarios`. */
export function anthropicScenarios(client, version) {
  const { names, skip = [] } = version;
  const model = modelFor("anthropic");
  const create = (messages, more = {}) => client.messages.create({ model, max_tokens: 1024, messages, ...more });
  const messageRow = (scenario, nth, more = {}) => {
    const select = { name: nameOf(names.chat, model), ...(nth !== undefined && { nth }) };
    return llmRow(select, "anthropic", scenario, { ...more, ...(version.rows?.[scenario] ?? version.all) });
  };
  const all = {
    "anthropic-cached": {
      run: () => {
        const cached = [{ type: "text", text: systemPrompt, cache_control: { type: "ephemeral" } }];
        return create([user(questions.cached)], { system: cached, temperature: 0.3 });
      },
      truth: {
        description: "message with a system prompt, cache reads and writes",
        spans: [messageRow("cached", undefined, { InputContains: inputOf("cached") })],
      },
    },
    "anthropic-tool": {
      run: () => anthropicToolLoop(create, version),
      truth: {
        description: "the model asks for a tool, the script runs it and asks again",
        spans: [
          messageRow("tool", 0),
          messageRow("toolResult", 1, { InputContains: [questions.tool, weatherTool.result.sky] }),
        ],
      },
    },
    "anthropic-image": {
      run: () => {
        const source = { type: "base64", media_type: picture.mediaType, data: picture.base64 };
        return create([
          user([
            { type: "text", text: questions.image },
            { type: "image", source },
          ]),
        ]);
      },
      truth: { description: "a picture as a base64 source in the input", spans: [messageRow("image")] },
    },
    "anthropic-stream": {
      run: async () => {
        for await (const _ of await create([user(questions.stream)], { stream: true }));
      },
      truth: { description: "streamed message, part of the input came from the cache", spans: [messageRow("stream")] },
    },
    "anthropic-error": {
      run: () => create([user(questions.error)]).then(unexpected, () => undefined),
      truth: { description: "the API refuses with status 529", spans: [messageRow("error")] },
    },
  };
  return picked(all, skip, version);
}

async function anthropicToolLoop(create, { tool = (run, args) => run(args) }) {
  const { name, description, parameters: input_schema } = weatherTool;
  const tools = [{ name, description, input_schema }];
  const question = user(questions.tool);
  const { content } = await create([question], { tools });
  const result = await tool(async () => weatherTool.result, content[0].input, content[0].id);
  const block = { type: "tool_result", tool_use_id: content[0].id, content: JSON.stringify(result) };
  await create([question, { role: "assistant", content }, user([block])], { tools });
}

const call = (run) => run();

/** The name of a span: of the instrumentation's choice for every model, or made of the model's. */
const nameOf = (name, model) => (typeof name === "function" ? name(model) : name);

function unexpected() {
  throw new Error("the call did not fail");
}
