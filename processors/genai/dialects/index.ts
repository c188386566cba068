import type { Dialect } from "../dialect.ts";
import { anthropicSdk } from "./anthropic_sdk.ts";
import { braintrust } from "./braintrust.ts";
import { genkit } from "./genkit.ts";
import { googleAdk } from "./google_adk.ts";
import { inference } from "./inference.ts";
import { laminar } from "./laminar.ts";
import { langfuse } from "./langfuse.ts";
import { langsmith } from "./langsmith.ts";
import { litellm } from "./litellm.ts";
import { livekit } from "./livekit.ts";
import { logfire } from "./logfire.ts";
import { mastra } from "./mastra.ts";
import { mlflow } from "./mlflow.ts";
import { openinference } from "./openinference.ts";
import { openlit } from "./openlit.ts";
import { openllmetry } from "./openllmetry.ts";
import { openrouter } from "./openrouter.ts";
import { semanticKernel } from "./semantic_kernel.ts";
import { semconv } from "./semconv.ts";
import { sentry } from "./sentry.ts";
import { strands } from "./strands.ts";
import { vercelAi } from "./vercel_ai.ts";
import { weave } from "./weave.ts";
import { zeroeval } from "./zeroeval.ts";

/**
 * All dialects, in the order of precedence: what an emitter names by itself before what is common to all.
 *
 * First come names by which an application corrects what instrumentations say (Langfuse, Braintrust, Weave, LangSmith):
 * they are written onto the spans of others. Then frameworks and gateways, which know what ran; then instrumentations of
 * single calls, some of whose names are common words (ZeroEval); then names that many emitters share (OpenInference,
 * OpenLLMetry); then OpenTelemetry's own. What spans have without AI, exceptions and users, HTTP and databases, is in
 * `general.ts`.
 */
export const dialects: readonly Dialect[] = [
  langfuse,
  braintrust,
  weave,
  langsmith,
  laminar,
  mlflow,
  logfire,
  vercelAi,
  mastra,
  genkit,
  googleAdk,
  strands,
  semanticKernel,
  livekit,
  litellm,
  openrouter,
  inference,
  sentry,
  openlit,
  anthropicSdk,
  zeroeval,
  openllmetry,
  openinference,
  semconv,
];
