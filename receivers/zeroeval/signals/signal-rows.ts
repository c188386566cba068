import { uuidOfTrace } from "../../../pipeline/ids.ts";
import { storedEntityId } from "../read/values.ts";
import { categoryOf, type SentSignal, type Target } from "./signal-reader.ts";

/** Rows of the table of signals: one for each thing that the signal is of. */
export function signalRows(signal: SentSignal, signalId: string, project: string, arrived: Date): object[] {
  const { name, value, targets } = signal;
  const of = (type: Target["type"]): string => {
    const target = targets.find((one) => one.type === type);
    return target === undefined ? "" : storedEntityId(type, target.id);
  };
  const shared = {
    ProjectId: project,
    TraceId: of("trace"),
    SpanId: of("span"),
    Name: name,
    Category: categoryOf(value),
    BoolValue: value === true,
    NumValue: typeof value === "number" ? value : 0,
    TextValue: typeof value === "string" ? value : "",
    Source: "sdk",
    Timestamp: arrived.toISOString(),
    CreatedAt: arrived.toISOString(),
    SignalId: signalId,
  };
  return targets.map(({ type, id }) => ({ ...shared, EntityType: type, EntityId: storedEntityId(type, id) }));
}

/** @param signalId 32 hexadecimal digits, as a trace's id */
export function uuidOfSignal(signalId: string): string {
  return uuidOfTrace(signalId);
}
