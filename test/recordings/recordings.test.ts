import { describe, expect, it } from "vitest";
import { decodeTracesJson } from "../../otlp/decode-json.ts";
import { readRecordings, type SelectableSpan, selectSpans } from "../support/recordings.ts";

interface Request {
  resourceSpans: { scopeSpans: { spans: SelectableSpan[] }[] }[];
}

/** Folders of the machine a recording was made on; /app stands for the one it was made in. */
const machinePath = /(?<![\w.])\/(?:root|tmp|work|Users|private|home\/(?!user\/))\//;

const recordings = readRecordings();

function spansOf(text: string): SelectableSpan[] {
  const request = JSON.parse(text) as Request;
  return request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

describe("recordings of instrumentations", () => {
  it("are there", () => {
    expect(recordings.length).toBeGreaterThan(200);
  });

  describe.each(recordings)("$name", ({ text, truth }) => {
    it("decodes without a rejected span", () => {
      const { batch, rejectedSpans } = decodeTracesJson(Buffer.from(text));
      expect(rejectedSpans).toBe(0);
      expect(batch.length).toBe(spansOf(text).length);
      expect(batch.length).toBeGreaterThan(0);
    });

    it("has exactly one span for each row of its truth", () => {
      const spans = spansOf(text);
      expect(truth.spans.length).toBeGreaterThan(0);
      for (const { select } of truth.spans) {
        expect(selectSpans(spans, select).length, JSON.stringify(select)).toBe(1);
      }
    });

    it("holds no path of the machine it was recorded on", () => {
      expect(text).not.toMatch(machinePath);
    });
  });
});
