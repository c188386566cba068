import { evalTables } from "./eval-records.ts";
import { count, flag, float, optionalFloat, recordTable, text, time, token } from "./record-table.ts";
import type { TableSchema } from "./table-schema.ts";

/** A task and its prompt. The key says that a slug is taken once. */
export const promptTable = recordTable({
  name: "prompts",
  of: "prompts",
  fields: { Slug: text(), PromptId: text(), TaskName: text() },
  key: ["Slug"],
});

/** What a prompt said, number by number. */
export const promptVersionTable = recordTable({
  name: "prompt_versions",
  of: "versions of prompts",
  fields: {
    PromptId: text(),
    /** From 1, without gaps. */
    Version: count,
    VersionId: text(),
    Content: text(),
    /** Lower-case hex SHA-256 of the normalised content. */
    ContentHash: text(),
    /** Empty: none. */
    ModelId: text(),
    /** JSON object. */
    Metadata: text(),
  },
  key: ["PromptId", "Version"],
  lookups: ["VersionId"],
});

/** Names that people gave to versions. */
export const promptTagTable = recordTable({
  name: "prompt_tags",
  of: "tags of prompts",
  fields: { PromptId: text(), Tag: text(), Version: count },
  key: ["PromptId", "Tag"],
});

/** Hashes that clients made of a content in their own way. */
export const promptHashTable = recordTable({
  name: "prompt_hashes",
  of: "other hashes of prompts",
  fields: { PromptId: text(), ContentHash: text(), Version: count },
  key: ["PromptId", "ContentHash"],
});

/** Calls of a model that clients logged beside spans. */
export const completionTable = recordTable({
  name: "completions",
  of: "logged completions",
  fields: {
    PromptId: text(),
    CompletionId: text(),
    PromptVersionId: text(),
    /** As stored in the table of spans; empty: none. */
    SpanId: text(),
    ModelId: text(),
    /** JSON array. */
    Messages: text(),
    InputText: text(),
    OutputText: text(),
    /** JSON object. */
    Metadata: text(),
    HasError: flag,
    ErrorMessage: text(),
    DurationMs: optionalFloat,
    PromptTokens: optionalFloat,
    CompletionTokens: optionalFloat,
    TotalTokens: optionalFloat,
    /** US dollars. */
    Cost: optionalFloat,
  },
  key: ["PromptId", "CompletionId"],
  lookups: ["CompletionId"],
  ages: true,
});

/** What somebody thought of a completion. FeedbackId is made of prompt, completion, judge and author. */
export const feedbackTable = recordTable({
  name: "feedback",
  of: "feedback",
  fields: {
    FeedbackId: text(),
    PromptId: text(),
    PromptVersionId: text(),
    /** As it was sent. */
    CompletionId: text(),
    /** As stored in the table of spans; empty where the completion is logged without one. */
    SpanId: text(),
    TraceId: text(),
    ThumbsUp: flag,
    Reason: text(),
    ExpectedOutput: text(),
    /** JSON object. */
    Metadata: text(),
    /** Empty: about the completion itself. */
    JudgeId: text(),
    /** The judge's evaluation that it corrects, where there was one. */
    EvaluationId: text(),
    ExpectedScore: optionalFloat,
    ScoreDirection: token<"" | "too_high" | "too_low">(),
    /** JSON object by key of the criterion; empty: none. */
    CriteriaFeedback: text(),
    SourceType: token<"human" | "judge">(),
  },
  key: ["FeedbackId"],
  lookups: ["SpanId", "TraceId", "JudgeId"],
});

/** Judges, also called automations. */
export const judgeTable = recordTable({
  name: "judges",
  of: "judges",
  fields: {
    JudgeId: text(),
    Name: text(),
    SampleRate: float,
    /** JSON object: kind and tags of the spans that it looks at. */
    Filter: text(),
    Template: text(),
    EvaluationType: token<"binary" | "scored">(),
    ScoreMin: optionalFloat,
    ScoreMax: optionalFloat,
    PassThreshold: optionalFloat,
    Temperature: float,
    /** Empty: none. */
    TargetPromptId: text(),
    /** Empty: the one of the platform. */
    EvaluationModel: text(),
    Backfill: count,
    /** JSON array of key, label, description and order. */
    Criteria: text(),
    IsPaused: flag,
    /** Id of the judge's own prompt. */
    TaskId: text(),
  },
  key: ["JudgeId"],
});

/** What judges found. */
export const evaluationTable = recordTable({
  name: "evaluations",
  of: "evaluations of judges",
  fields: {
    JudgeId: text(),
    EvaluationId: text(),
    /** The judged span, as stored in the table of spans. */
    SpanId: text(),
    TraceId: text(),
    /** The span of the judge's own call; empty: none. */
    JudgeCallSpanId: text(),
    Result: flag,
    Reason: text(),
    /** 0 to 1. */
    Confidence: optionalFloat,
    Score: optionalFloat,
    /** JSON object by key of the criterion: score and reason. */
    CriteriaScores: text(),
    Model: token(),
    DurationMs: optionalFloat,
    /** The scale when it was judged. */
    EvaluationType: token<"binary" | "scored">(),
    ScoreMin: optionalFloat,
    ScoreMax: optionalFloat,
    PassThreshold: optionalFloat,
  },
  key: ["JudgeId", "EvaluationId"],
  lookups: ["SpanId", "TraceId", "JudgeCallSpanId"],
  ages: true,
});

/** Datasets. The key says that a name is taken once. */
export const datasetTable = recordTable({
  name: "datasets",
  of: "datasets",
  fields: {
    Name: text(),
    DatasetId: text(),
    /** For people; empty: the name. */
    DisplayName: text(),
    Description: text(),
  },
  key: ["Name"],
});

export const datasetVersionTable = recordTable({
  name: "dataset_versions",
  of: "versions of datasets",
  fields: {
    DatasetId: text(),
    Version: count,
    VersionId: text(),
    RowCount: count,
    /** JSON array of name, first row and number of rows: subsets lie one after the other. */
    Subsets: text(),
    Message: text(),
    /** Lower-case hex SHA-256 of what was sent. */
    CommitSha: text(),
  },
  key: ["DatasetId", "Version"],
  lookups: ["VersionId", "CommitSha"],
});

export const datasetRowTable = recordTable({
  name: "dataset_rows",
  of: "rows of datasets",
  fields: {
    VersionId: text(),
    /** From 0, without gaps. */
    RowNumber: count,
    RowId: text(),
    /** JSON object. */
    Data: text(),
  },
  key: ["VersionId", "RowNumber"],
  lookups: ["RowId"],
});

export const experimentTable = recordTable({
  name: "experiments",
  of: "experiments",
  fields: {
    ExperimentId: text(),
    DatasetVersionId: text(),
    Name: text(),
    Description: text(),
    Alias: text(),
    /** JSON. */
    Parameters: text(),
  },
  key: ["ExperimentId"],
});

export const experimentResultTable = recordTable({
  name: "experiment_results",
  of: "results of experiments",
  fields: {
    ExperimentId: text(),
    ResultId: text(),
    DatasetRowId: text(),
    Result: text(),
    ResultType: token(),
    /** As it was sent; empty: none. */
    TraceId: text(),
    RunNumber: count,
  },
  key: ["ExperimentId", "ResultId"],
});

export const evaluatorTable = recordTable({
  name: "experiment_evaluators",
  of: "evaluators of experiments",
  fields: {
    ExperimentId: text(),
    EvaluatorId: text(),
    Name: text(),
    Description: text(),
    Mode: token<"row" | "column" | "run">(),
  },
  key: ["ExperimentId", "EvaluatorId"],
});

export const experimentEvaluationTable = recordTable({
  name: "experiment_evaluations",
  of: "values of evaluators",
  fields: {
    ExperimentId: text(),
    EvaluationId: text(),
    EvaluatorId: text(),
    DatasetRowId: text(),
    ResultId: text(),
    Value: text(),
    ValueType: token(),
  },
  key: ["ExperimentId", "EvaluationId"],
});

/** What was computed of a column or a run as a whole. */
export const experimentMetricTable = recordTable({
  name: "experiment_metrics",
  of: "metrics of experiments",
  fields: {
    ExperimentId: text(),
    MetricId: text(),
    Kind: token<"column_evaluation" | "column_metric" | "run_metric">(),
    /** Name of the metric, or id of the evaluator. */
    Name: text(),
    /** Which run, or how many where all of them were looked at. */
    RunNumber: count,
    /** JSON object. */
    Results: text(),
  },
  key: ["ExperimentId", "MetricId"],
});

/** A test runs from its CreatedAt on. The key says that a name is taken once. */
export const abTestTable = recordTable({
  name: "ab_tests",
  of: "A/B tests",
  fields: {
    ChoiceName: text(),
    TestId: text(),
    /** Null: without an end. */
    DurationDays: optionalFloat,
    /** JSON objects by key of the variant. */
    Variants: text(),
    Weights: text(),
    StartedAt: time,
  },
  key: ["ChoiceName"],
});

/** Which variant something got. ChoiceId is made of test and entity. */
export const abChoiceTable = recordTable({
  name: "ab_choices",
  of: "choices of A/B tests",
  fields: {
    ChoiceName: text(),
    ChoiceId: text(),
    EntityType: token<"span" | "trace" | "session">(),
    /** As spans, traces and sessions are stored. */
    EntityId: text(),
    VariantKey: text(),
    /** JSON. */
    VariantValue: text(),
  },
  key: ["ChoiceName", "ChoiceId"],
  lookups: ["EntityId"],
});

export const recordTables = [
  promptTable,
  promptVersionTable,
  promptTagTable,
  promptHashTable,
  completionTable,
  feedbackTable,
  judgeTable,
  evaluationTable,
  datasetTable,
  datasetVersionTable,
  datasetRowTable,
  experimentTable,
  experimentResultTable,
  evaluatorTable,
  experimentEvaluationTable,
  experimentMetricTable,
  ...evalTables,
  abTestTable,
  abChoiceTable,
] as const;

/** The tables of what the API stores besides telemetry. */
export const recordSchemas: readonly TableSchema[] = recordTables.map(({ schema }) => schema);
