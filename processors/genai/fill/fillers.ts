import { canonicalKind, canonicalProvider } from "../canonical.ts";
import type { Target } from "../dialect.ts";
import type { MessageReader } from "../message-reader.ts";
import { trimmed } from "./canonicaliser.ts";
import { ContentFiller, DocumentFiller, JsonFiller } from "./document-fillers.ts";
import type { Filler } from "./filler.ts";
import { ListFiller } from "./list-filler.ts";
import { IdFiller, SessionUuidFiller, TokenFiller } from "./name-filler.ts";
import { CountFiller, DurationFiller, MoneyFiller } from "./number-fillers.ts";

export interface FillerOptions {
  readonly maxNameBytes: number;
  readonly sessionIds: "as_sent" | "uuid";
}

/** Filled otherwise: usage because it is weighed as a whole, tags because all sources add to them. */
export type PlainTarget = Exclude<Target, "Tags">;

/** One filler per column. */
export function createFillers(options: FillerOptions, messages: MessageReader): Readonly<Record<PlainTarget, Filler>> {
  const { maxNameBytes, sessionIds } = options;
  const token = (name: PlainTarget, canonical = trimmed): Filler => new TokenFiller(name, maxNameBytes, canonical);
  const id = (name: PlainTarget): Filler => new IdFiller(name, maxNameBytes);
  const count = (name: PlainTarget): Filler => new CountFiller(name);
  const money = (name: PlainTarget): Filler => new MoneyFiller(name);
  return {
    OperationKind: token("OperationKind", canonicalKind),
    Provider: token("Provider", canonicalProvider),
    RequestModel: token("RequestModel"),
    ResponseModel: token("ResponseModel"),
    ResponseId: id("ResponseId"),
    InputTokens: count("InputTokens"),
    OutputTokens: count("OutputTokens"),
    CacheReadTokens: count("CacheReadTokens"),
    CacheWriteTokens: count("CacheWriteTokens"),
    ReasoningTokens: count("ReasoningTokens"),
    InputAudioTokens: count("InputAudioTokens"),
    OutputAudioTokens: count("OutputAudioTokens"),
    TotalTokens: count("TotalTokens"),
    Cost: money("Cost"),
    InputCost: money("InputCost"),
    OutputCost: money("OutputCost"),
    TimeToFirstToken: new DurationFiller("TimeToFirstToken"),
    RequestParameters: new JsonFiller("RequestParameters"),
    SessionId: sessionIds === "uuid" ? new SessionUuidFiller(maxNameBytes) : id("SessionId"),
    SessionName: id("SessionName"),
    UserId: id("UserId"),
    AgentId: id("AgentId"),
    AgentName: token("AgentName"),
    PromptName: token("PromptName"),
    PromptVersion: token("PromptVersion"),
    PromptVariables: new JsonFiller("PromptVariables"),
    FinishReasons: new ListFiller(),
    ToolName: token("ToolName"),
    ToolCallId: id("ToolCallId"),
    ToolCalls: new JsonFiller("ToolCalls"),
    Input: new ContentFiller("Input", messages),
    Output: new ContentFiller("Output", messages),
    ErrorType: token("ErrorType"),
    ErrorMessage: new DocumentFiller("ErrorMessage"),
    ErrorStack: new DocumentFiller("ErrorStack"),
  };
}
