import type { OtlpMessage } from "../../../otlp/json-message.ts";
import { logColumns, timeOfLog } from "./log-columns.ts";
import type { RowCollector } from "./row-batch.ts";
import { membersOf } from "./row-column.ts";
import { nanosOf } from "./values.ts";

/** Adds a row for each record of a request. @param to where they go, and whose they are, as in column ProjectId */
export function collectLogs<Table>(
  request: OtlpMessage<"ExportLogsServiceRequest">,
  to: { readonly table: Table; readonly project: string },
  into: RowCollector<Table>,
): void {
  const { table } = to;
  const owner = membersOf(logColumns.project, to.project);
  for (const ofResource of request.resourceLogs ?? []) {
    const resource = membersOf(logColumns.resource, ofResource);
    for (const ofScope of ofResource.scopeLogs ?? []) {
      const scope = membersOf(logColumns.scope, ofScope);
      for (const record of ofScope.logRecords ?? []) {
        into.add(table, nanosOf(timeOfLog(record)), [membersOf(logColumns.record, record), resource, scope, owner]);
      }
    }
  }
}
