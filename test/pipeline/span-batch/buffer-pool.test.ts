import { describe, expect, it } from "vitest";
import { ByteArena } from "../../../pipeline/span-batch/arena.ts";
import { giveBuffer, takeBody, takeBuffer, withRoom } from "../../../pipeline/span-batch/buffer-pool.ts";

describe("buffer pool", () => {
  it("gives a buffer that came back to the next who needs one of its size", () => {
    const first = takeBuffer(100_000);
    giveBuffer(first);
    expect(takeBuffer(90_000).buffer).toBe(first.buffer);
  });

  it.each([20_000, 1_000_000, 2_000_000])(
    "has room behind a body of %d bytes for half as much, so that its arena stays in place",
    (bytes) => {
      const body = takeBody(bytes);
      expect(body.length).toBe(bytes);
      const arena = ByteArena.adopt(body);
      arena.reserve(bytes / 2);
      expect(arena.bytes.buffer).toBe(body.buffer);
    },
  );

  it("pools bodies up to the largest buffer, with the room that is left in it", () => {
    const body = takeBody(4_000_000);
    expect(body.length).toBe(4_000_000);
    expect(withRoom(body).length).toBe(4 * 1024 * 1024);
  });

  it("makes bodies that are too small or too large for the pool just as long as they are", () => {
    expect(takeBody(100).buffer.byteLength).toBe(100);
    expect(takeBody(5_000_000).buffer.byteLength).toBe(5_000_000);
  });
});
