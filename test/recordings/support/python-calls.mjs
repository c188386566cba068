import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { embeddingModel, modelFor, questions, systemPrompt, weatherTool } from "./answers.mjs";
import { openaiScenarios } from "./sdk-calls.mjs";

const run = promisify(execFile);

/** The scenarios that `openai-calls.py` has. */
const known = ["chat", "cached", "reasoning", "tool", "stream", "error", "embedding"].map((name) => `openai-${name}`);

const modelOf = (question) => (question === "embedding" ? embeddingModel : modelFor("openai", question));
const asked = {
  questions,
  system: systemPrompt,
  tool: weatherTool,
  models: Object.fromEntries(Object.keys(questions).map((question) => [question, modelOf(question)])),
};

/**
 * The scenarios of OpenTelemetry's instrumentation of OpenAI's Python SDK, with the Python of the instrumentation's folder.
 *
 * @param environment variables that choose how messages are sent
 * @param version as in `openaiScenarios`
 */
export function pythonScenarios(folder, environment, version) {
  const scenarios = openaiScenarios(undefined, {
    names: { chat: (model) => `chat ${model}`, embedding: (model) => `embeddings ${model}` },
    ...version,
  });
  const scenarioOf = (name) => {
    const call = async () => {
      const env = { ...process.env, ...environment, ASKED: JSON.stringify(asked) };
      const script = join(import.meta.dirname, "openai-calls.py");
      const { stdout } = await run(join(folder, "venv/bin/python"), [script, name], { env });
      // Known once the script has run: it prints them.
      scenarios[name].truth.packages = stdout.trimEnd().split("\n").at(-1);
    };
    return { run: call, truth: scenarios[name].truth };
  };
  return Object.fromEntries(known.map((name) => [name, scenarioOf(name)]));
}
