import { count, flag, recordTable, text, time, token } from "./record-table.ts";

/** States of an eval, in the words of SDKs. */
export const evalStatuses = ["pending", "running", "scoring", "completed", "failed", "cancelled"] as const;
export type EvalStatus = (typeof evalStatuses)[number];

/** What a scorer looks at. */
export const scoringModes = ["row", "column", "run"] as const;
export type ScoringMode = (typeof scoringModes)[number];

/** Runs of a task over a dataset, with all their repetitions. */
export const evalTable = recordTable({
  name: "evals",
  of: "evals",
  fields: {
    EvalId: text(),
    DatasetId: text(),
    /** The three as they were sent; empty: not said. */
    DatasetVersionId: text(),
    DatasetRef: text(),
    DatasetCommitSha: text(),
    SubsetName: text(),
    Name: text(),
    Description: text(),
    /** Empty: none. */
    ModelId: text(),
    /** JSON object. */
    Config: text(),
    Status: token<EvalStatus>(),
    TotalRepetitions: count,
    /** When it got its status. */
    StatusAt: time,
  },
  key: ["EvalId"],
  lookups: ["DatasetId"],
});

/** What the task made of a row. A row is sent again when it is tried again. ResultId is made of the key. */
export const evalResultTable = recordTable({
  name: "eval_results",
  of: "results of evals",
  fields: {
    EvalId: text(),
    /** From 1. */
    Repetition: count,
    /** As it was sent. */
    RowId: text(),
    ResultId: text(),
    /** JSON object; empty: none. */
    Result: text(),
    /** As it was sent; empty: none. */
    TraceId: text(),
    HasError: flag,
  },
  key: ["EvalId", "Repetition", "RowId"],
  lookups: ["ResultId", "TraceId"],
});

/** What looks at results. The key says that an eval has a name once; ScorerId is made of it. */
export const evalScorerTable = recordTable({
  name: "eval_scorers",
  of: "scorers of evals",
  fields: {
    EvalId: text(),
    Name: text(),
    ScorerId: text(),
    Code: text(),
    Description: text(),
    Mode: token<ScoringMode>(),
    /** JSON array of names. */
    Outputs: text(),
    /** JSON object: how people see an output, by its name. */
    OutputFormats: text(),
  },
  key: ["EvalId", "Name"],
});

/** What a scorer found of a result. ScoreId is made of the key. */
export const evalScoreTable = recordTable({
  name: "eval_scores",
  of: "scores of evals",
  fields: {
    EvalId: text(),
    ScorerId: text(),
    ResultId: text(),
    ScoreId: text(),
    Value: text(),
    ValueType: token(),
    /** Of the scorer's own call, as it was sent; empty: none. */
    TraceId: text(),
  },
  key: ["EvalId", "ScorerId", "ResultId"],
});

/** What was computed of all rows of a repetition, or of all repetitions. MetricId is made of the key. */
export const evalMetricTable = recordTable({
  name: "eval_metrics",
  of: "metrics of evals",
  fields: {
    EvalId: text(),
    Kind: token<"column" | "eval">(),
    Name: text(),
    /** Which repetition, or how many where all of them were looked at. */
    Repetition: count,
    MetricId: text(),
    /** JSON object. */
    Results: text(),
    /** JSON object: how people see an output, by its name. */
    OutputFormats: text(),
  },
  key: ["EvalId", "Kind", "Name", "Repetition"],
});

export const evalTables = [evalTable, evalResultTable, evalScorerTable, evalScoreTable, evalMetricTable] as const;
