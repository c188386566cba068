import { canonicalKind, canonicalProvider } from "../canonical.ts";
import type { Target } from "../dialect.ts";
import type { MessageReader } from "../message-reader.ts";
import { type UsageTarget, usageTargets } from "../usage.ts";
import { trimmed } from "./canonicaliser.ts";
import { ContentFiller, DocumentFiller, JsonFiller, ToolCallsFiller } from "./document-fillers.ts";
import type { Filler } from "./filler.ts";
import { ListFiller } from "./list-filler.ts";
import { IdFiller, type IdName, SessionUuidFiller, TokenFiller, type TokenName } from "./name-filler.ts";
import { CountReader, DurationFiller, MoneyReader } from "./number-fillers.ts";

export interface FillerOptions {
  readonly maxNameBytes: number;
  readonly sessionIds: "as_sent" | "uuid";
}

/** Columns that are filled one by one: usage is weighed as a whole, and all sources add to the tags. */
export type PlainTarget = Exclude<Target, "Tags" | UsageTarget>;

/** One filler per column. */
export interface Fillers {
  readonly plain: Readonly<Record<PlainTarget, Filler>>;
  /** In the order of `usageTargets`. */
  readonly usage: readonly (CountReader | MoneyReader)[];
}

export function createFillers(options: FillerOptions, messages: MessageReader): Fillers {
  const usage = usageTargets.map((target) => (target.endsWith("Cost") ? new MoneyReader() : new CountReader()));
  return { plain: createPlainFillers(options, messages), usage };
}

function createPlainFillers(options: FillerOptions, messages: MessageReader): Fillers["plain"] {
  const { maxNameBytes, sessionIds } = options;
  const token = (name: TokenName, canonical = trimmed): Filler => new TokenFiller(name, maxNameBytes, canonical);
  const id = (name: IdName): Filler => new IdFiller(name, maxNameBytes);
  return {
    OperationKind: token("OperationKind", canonicalKind),
    Provider: token("Provider", canonicalProvider),
    RequestModel: token("RequestModel"),
    ResponseModel: token("ResponseModel"),
    ResponseId: id("ResponseId"),
    TimeToFirstToken: new DurationFiller(),
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
    ToolCalls: new ToolCallsFiller(messages),
    Input: new ContentFiller("Input", messages),
    Output: new ContentFiller("Output", messages),
    ErrorType: token("ErrorType"),
    ErrorMessage: new DocumentFiller("ErrorMessage"),
    ErrorStack: new DocumentFiller("ErrorStack"),
  };
}
