import { describe, expect, it } from "vitest";
import { sessionUuid } from "../../../processors/genai/session-id.ts";
import { mapAttributes, mapperOf } from "./support.ts";

describe("session ids", () => {
  it("become UUIDv5 in the namespace of domain names, as ZeroEval's SDKs make them", () => {
    expect(sessionUuid("chat-42")).toBe("d5b82663-4051-5a4c-9808-616c909bbbc5");
    expect(sessionUuid("123")).toBe("37813542-0dca-5a8a-b2a2-b69c2d45583f");
    expect(sessionUuid("alice@example.com")).toBe("edabafbb-61ad-51d6-9fd8-e976c892a731");
  });

  it("that are UUIDs stay, in lower case with hyphens", () => {
    const uuid = "d5b82663-4051-5a4c-9808-616c909bbbc5";
    for (const spelling of [uuid, uuid.toUpperCase(), uuid.replaceAll("-", ""), `{${uuid}}`, `urn:uuid:${uuid}`]) {
      expect(sessionUuid(spelling)).toBe(uuid);
    }
  });

  it("stay as sent unless session_ids is uuid, which makes the text the session's name", () => {
    const attributes = { "session.id": "chat-42" };
    expect(mapAttributes(attributes)).toMatchObject({ SessionId: "chat-42" });
    const mapper = mapperOf({ session_ids: "uuid" });
    expect(mapAttributes(attributes, { mapper })).toEqual({
      SessionId: "d5b82663-4051-5a4c-9808-616c909bbbc5",
      SessionName: "chat-42",
    });
    expect(mapAttributes({ ...attributes, "session.name": "Chat" }, { mapper }).SessionName).toBe("Chat");
  });
});
