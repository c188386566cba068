import { exportTable } from "../export/table.ts";
import { spanRead } from "./model.ts";

/** The columns of spans in CSV and Parquet. */
export const spanTable = exportTable(
  "spans",
  {
    number: ["duration_ms", "cost"],
    integer: ["attachment_count"],
    boolean: ["has_error"],
    time: ["started_at", "ended_at", "created_at", "updated_at"],
    json: [
      ...["session", "attributes", "tags", "trace_tags", "session_tags", "code_lineno", "experiment_result_id"],
      ...["ab_choices", "signals", "warnings"],
    ],
  },
  Object.keys(spanRead.shape),
);
