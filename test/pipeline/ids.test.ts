import { describe, expect, test } from "vitest";
import {
  defaultProjectId,
  parseUuid,
  sessionUuid,
  storedProjectId,
  storedSpanId,
  storedTraceId,
  uuidOfProject,
  uuidOfSpan,
  uuidOfTrace,
} from "../../pipeline/ids.ts";

const uuid = "5b8efff7-9803-8103-d269-b633813fc60c";

describe("ids", () => {
  test.each([uuid, uuid.toUpperCase(), uuid.replaceAll("-", ""), `{${uuid}}`, `urn:uuid:${uuid}`])(
    "%s is read as a UUID",
    (text) => {
      expect(parseUuid(text)).toBe(uuid);
    },
  );

  test.each(["", "chat-42", `${uuid}0`, uuid.slice(1), `${uuid.slice(0, -1)}g`])("'%s' is no UUID", (text) => {
    expect(parseUuid(text)).toBeUndefined();
  });

  test("a trace id keeps its digits both ways", () => {
    expect(storedTraceId(uuid)).toBe("5b8efff798038103d269b633813fc60c");
    expect(uuidOfTrace("5b8efff798038103d269b633813fc60c")).toBe(uuid);
  });

  test("a span id of OTLP is filled up with zeros outside and has 16 digits in the store", () => {
    expect(uuidOfSpan("eee19b7ec3c1b174")).toBe("eee19b7e-c3c1-b174-0000-000000000000");
    expect(storedSpanId("eee19b7e-c3c1-b174-0000-000000000000")).toBe("eee19b7ec3c1b174");
  });

  test("any other span id keeps its 32 digits", () => {
    expect(storedSpanId(uuid)).toBe("5b8efff798038103d269b633813fc60c");
    expect(uuidOfSpan(storedSpanId(uuid))).toBe(uuid);
  });

  test("rows without a project belong to the zero UUID", () => {
    expect(storedProjectId(defaultProjectId)).toBe("");
    expect(uuidOfProject("")).toBe(defaultProjectId);
    expect(uuidOfProject(storedProjectId(uuid))).toBe(uuid);
  });

  test.each([
    ["chat-42", "d5b82663-4051-5a4c-9808-616c909bbbc5"],
    ["123", "37813542-0dca-5a8a-b2a2-b69c2d45583f"],
    ["alice@example.com", "edabafbb-61ad-51d6-9fd8-e976c892a731"],
    ["\u20ac".repeat(256), "5da348a8-a259-54e3-b7de-ffb36f1f41fc"],
    ["\u20ac".repeat(257), "71c5d9bd-d3c3-5a2a-ade2-6e63b3e8688f"],
    ["short", "98468190-82b7-5935-a309-e640ff30cf88"],
    [uuid.toUpperCase(), uuid],
  ])("the session %s has the id %s, as ZeroEval's SDKs have it", (text, id) => {
    expect(sessionUuid(text)).toBe(id);
  });
});
