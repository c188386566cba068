import { describe, expect, it } from "vitest";
import { mapAttributes, mapperOf } from "./support.ts";

describe("session ids", () => {
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
