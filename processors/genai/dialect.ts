import type { DerivedName } from "../../pipeline/span-batch/derived.ts";

/** What rules can fill; all other derived columns belong to other processors. */
export const targets = [
  "OperationKind",
  "Provider",
  "RequestModel",
  "ResponseModel",
  "ResponseId",
  "InputTokens",
  "OutputTokens",
  "CacheReadTokens",
  "CacheWriteTokens",
  "ReasoningTokens",
  "InputAudioTokens",
  "OutputAudioTokens",
  "TotalTokens",
  "Cost",
  "InputCost",
  "OutputCost",
  "TimeToFirstToken",
  "RequestParameters",
  "SessionId",
  "SessionName",
  "UserId",
  "AgentId",
  "AgentName",
  "PromptName",
  "PromptVersion",
  "PromptVariables",
  "FinishReasons",
  "ToolName",
  "ToolCallId",
  "ToolCalls",
  "Input",
  "Output",
  "Tags",
  "ErrorType",
  "ErrorMessage",
  "ErrorStack",
] as const satisfies readonly DerivedName[];
export type Target = (typeof targets)[number];

/**
 * A test of a span. Texts that may end in `*` match by prefix; comparisons of values ignore case.
 *
 * An `attribute` alone: it is there, with a value.
 */
export type Condition =
  | { readonly attribute: string; readonly equals?: readonly string[] }
  | { readonly resource: string; readonly equals?: readonly string[] }
  | { readonly scope: readonly string[] }
  | { readonly spanName: readonly string[] }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

/** How messages that are spread over numbered attributes are named (see `messages/`). */
export type IndexedShape = "traceloop" | "openinference" | "openinference_prompts";

/**
 * Where a value may stand.
 *
 * A string is the key of a span attribute. `path` looks into a value that is JSON text or a nested value: members and
 * positions, or `*` for every element of a list. `prefix` takes all attributes whose keys begin so, as an object without
 * the prefix: for maps (`Tags`) and JSON objects (`RequestParameters`, `PromptVariables`).
 */
export type Source =
  | string
  | {
      readonly attribute: string;
      readonly path?: readonly (string | number)[];
      /** Beside `path`: members of what stands there, whose numbers are added. A sum of 0 is no value. */
      readonly sum?: readonly string[];
      /** The part of a text behind the first of these characters, or before it. A text without it is no value. */
      readonly after?: string;
      readonly until?: string;
      /** Of times: what the number counts (`TimeToFirstToken`), or `time`: an instant, of which the start is subtracted. */
      readonly unit?: "s" | "ms" | "ns" | "time";
      /**
       * Value as sent, in lower case, `*` at the end for a prefix -> canonical value. A value that is not listed is no
       * value. The value `*` stands for the text itself, in lower case. Not needed for kinds and providers, whose known aliases
       * (`canonical.ts`) are understood everywhere.
       */
      readonly values?: Readonly<Record<string, string>>;
    }
  | { readonly prefix: string }
  | { readonly attributes: Readonly<Record<string, string>> }
  | { readonly resource: string }
  /** As `attributes`, of resource attributes. */
  | { readonly resources: Readonly<Record<string, string>> }
  /** The name of the instrumentation scope, or an attribute of it. */
  | { readonly scope: string }
  /** The attribute of the last event of that name that has it; without `attribute`, the time of the first, after the start. */
  | { readonly event: string; readonly attribute?: string; readonly path?: readonly (string | number)[] }
  | { readonly indexed: string; readonly shape: IndexedShape }
  /** Messages that stand in events, one event each. */
  | { readonly messageEvents: readonly string[]; readonly role?: string }
  | { readonly spanName: Readonly<Record<string, string>> }
  | { readonly constant: string };

/**
 * One way to fill a column.
 *
 * Kinds: what stands in an attribute goes before `constant` and `spanName`, whatever their order, because an operation
 * name says more than the presence of an agent's name. Tags: every source adds its own; the first says a name's value.
 */
export interface Rule {
  readonly target: Target;
  /** In order of precedence: the first that gives a valid value wins. */
  readonly sources: readonly Source[];
  readonly when?: Condition;
  /** Where the rule applies, rules that come after it do not. */
  readonly override?: boolean;
}

/** How an emitter counts. The first whose `when` holds is used; none: everything is included. */
export interface UsageConvention {
  readonly when?: Condition;
  /** Whether input tokens as sent include those read from and written to a cache. */
  readonly inputIncludesCache: boolean;
  /** Whether output tokens as sent include those of reasoning. */
  readonly outputIncludesReasoning: boolean;
}

/**
 * The attributes of one family of instrumentations. Data only: the engine compiles it.
 *
 * A span is of a dialect when its scope or one of its attributes is named here and `when` holds. A dialect that names
 * neither applies to every span, and is not named in `Dialect`. A span can be of several; for every target
 * their rules are tried in the order of `dialects/index.ts`, after the rules that the configuration adds.
 */
export interface Dialect {
  /** In snake_case, as in `dialects:` of the configuration and in the column `Dialect`. */
  readonly name: string;
  /** Where the names come from. */
  readonly source: string;
  readonly recognise: {
    /** Names of instrumentation scopes; `*` at the end matches by prefix. The scope says who sent the span. */
    readonly scopes?: readonly string[];
    /** Keys of span attributes; `*` at the end matches by prefix. */
    readonly keys?: readonly string[];
    readonly when?: Condition;
  };
  readonly rules: readonly Rule[];
  /** Where instructions stand that are sent apart from the messages; they are put before those in `Input`. */
  readonly system?: readonly Source[];
  readonly usage?: readonly UsageConvention[];
  /** Spans that always repeat what their children used. (Repetition between any parent and child is found besides.) */
  readonly repeatsUsage?: Condition;
  /** Spans that are preliminary copies of others, which will come. */
  readonly pending?: Condition;
}
