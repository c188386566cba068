import { createServer } from "node:http";
import { answerOf, questions } from "./answers.mjs";
import { anthropicReply } from "./llm-anthropic.mjs";
import { googleReply } from "./llm-google.mjs";
import { chatReply, embeddingsReply, openaiError, responsesReply } from "./llm-openai.mjs";

const routes = [
  { path: /\/chat\/completions$/, api: "openai", reply: chatReply },
  { path: /\/responses$/, api: "openai", reply: responsesReply },
  { path: /\/embeddings$/, api: "openai", reply: embeddingsReply },
  { path: /\/messages$/, api: "anthropic", reply: anthropicReply },
  { path: /:(streamG|g)enerateContent$/, api: "google", reply: googleReply },
];

/** Results of tools as the APIs send them back to the model. */
const toolResult = /"role":"tool"|"type":"tool_result"|"type":"function_call_output"|"functionResponse"/;

/**
 * A server on loopback that speaks the OpenAI (chat completions, responses, embeddings), Anthropic and Gemini APIs and
 * gives the known answers of `answers.mjs`.
 *
 * @returns url without a path, `takeCalls()` for the answers given since it was last called, and `close()`
 */
export async function startLlmServer() {
  let calls = [];
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    const { pathname } = new URL(request.url, "http://localhost");
    const route = routes.find(({ path }) => path.test(pathname));
    const question = route && questionOf(body);
    if (question === undefined) {
      process.stderr.write(`llm server: no answer to ${request.method} ${request.url} ${body.slice(0, 200)}\n`);
      send(response, openaiError(404, "no such route or question"));
      return;
    }
    const answer = answerOf(route.api, question);
    calls.push(answer);
    send(response, route.reply({ answer, body: JSON.parse(body), pathname }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    takeCalls() {
      const taken = calls;
      calls = [];
      return taken;
    },
    close: () => server.close(),
  };
}

/** The last question that stands in the request: earlier ones are history. */
function questionOf(body) {
  const compact = JSON.stringify(JSON.parse(body));
  let found;
  let at = -1;
  for (const [name, text] of Object.entries(questions)) {
    const index = compact.lastIndexOf(JSON.stringify(text).slice(1, -1));
    if (index > at) [found, at] = [name, index];
  }
  return found === "tool" && toolResult.test(compact) ? "toolResult" : found;
}

async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** @param reply an object is sent as JSON, a list of [event name or null, data] as server-sent events */
function send(response, { status = 200, json, events, headers = {} }) {
  if (json !== undefined) {
    response.writeHead(status, { "content-type": "application/json", "x-request-id": "req_recording_1", ...headers });
    response.end(JSON.stringify(json));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream", ...headers });
  for (const [name, data] of events) {
    if (name !== null) response.write(`event: ${name}\n`);
    response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
  }
  response.end();
}
