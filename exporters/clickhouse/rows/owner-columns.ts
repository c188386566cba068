import type { OtlpMessage } from "../../../otlp/json-message.ts";
import { attributesType, column, type RowColumn, tokenType } from "./row-column.ts";
import { attributeText, attributeTexts } from "./values.ts";

/** A ResourceLogs or ResourceMetrics, without what is in it. */
export type ResourceOwner = Pick<OtlpMessage<"ResourceLogs">, "resource" | "schemaUrl">;

/** A ScopeLogs or ScopeMetrics, without what is in it. */
export type ScopeOwner = Pick<OtlpMessage<"ScopeLogs">, "scope" | "schemaUrl">;

/** What every row has of its resource. @param schemaUrlType in the widely used schema it differs by signal */
export function resourceColumns(schemaUrlType: string): readonly RowColumn<ResourceOwner>[] {
  return [
    column("ServiceName", tokenType, ({ resource }) => attributeText(resource?.attributes, "service.name")),
    column("ResourceSchemaUrl", schemaUrlType, ({ schemaUrl }) => schemaUrl),
    column("ResourceAttributes", attributesType, ({ resource }) => attributeTexts(resource?.attributes)),
  ];
}

/** What every row has of its scope. */
export function scopeColumns(schemaUrlType: string, versionType: string): readonly RowColumn<ScopeOwner>[] {
  return [
    column("ScopeSchemaUrl", schemaUrlType, ({ schemaUrl }) => schemaUrl),
    column("ScopeName", "String", ({ scope }) => scope?.name),
    column("ScopeVersion", versionType, ({ scope }) => scope?.version),
    column("ScopeAttributes", attributesType, ({ scope }) => attributeTexts(scope?.attributes)),
  ];
}
