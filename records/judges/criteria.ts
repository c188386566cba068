import { z } from "zod";

/** One thing that a judge looks at. */
export const criterion = z
  .object({
    key: z.string().describe("Names the criterion in scores and feedback."),
    label: z.string().describe("For people."),
    description: z.string().nullable().describe("What it means."),
  })
  .meta({ id: "Criterion" });
export type Criterion = z.output<typeof criterion>;

/** A criterion as it is sent and kept. */
export const criterionBody = z.object({
  key: z.string().trim().min(1).max(100).describe("Names the criterion in scores and feedback."),
  label: z.string().max(500).nullish().describe("For people; the key where it is left out."),
  description: z.string().max(5_000).nullish().describe("What it means."),
  order: z.number().nullish().describe("Criteria are shown from the least to the greatest."),
});
export type CriterionBody = z.output<typeof criterionBody>;

/** No option: part of the schema of a judge, and far more than a model keeps apart. */
export const maxCriteria = 100;

/** The criteria that a sender gave, in their order. */
export function sorted(criteria: readonly CriterionBody[]): readonly Criterion[] {
  const placed = criteria.map((item, index) => ({ item, order: item.order ?? index }));
  return placed
    .sort((a, b) => a.order - b.order)
    .map(({ item: { key, label, description } }) => ({ key, label: label || key, description: description ?? null }));
}

/** Lines that name a criterion, the surest kind first: a bold label, a numbered item, a heading below the title. */
const patterns = [
  /^\s*(?:[-*+]\s+|\d+[.)]\s+)?\*\*(?<label>[^*\n]{1,100}?)(?::\*\*|\*\*)\s*(?:\([^)\n]*\))?\s*[:\u2013\u2014-]?\s*(?<description>.*)$/,
  /^\s*\d+[.)]\s+(?<label>[^:\n\u2013\u2014]{1,100}?)(?:\s*[:\u2013\u2014]\s*(?<description>.*)|\s+-\s+(?<dashed>.*))?$/,
  /^#{2,6}\s+(?<label>[^\n]{1,100}?)\s*#*$/,
];

/** Headings and labels of parts that every template has. */
const structure =
  /^(?:evaluation )?(?:criteria|criterion|instructions?|task|context|overview|role|rubric|scoring|score|scale|output|output format|format|response|response format|examples?|input|guidelines|rules|notes?|important|steps)$/i;

/** What a template says that it looks at. */
export function inferCriteria(template: string): readonly Criterion[] {
  const lines = template.split(/\r?\n/, 2_000);
  for (const pattern of patterns) {
    const found = criteriaIn(lines, pattern);
    if (found.length > 0) return found;
  }
  return [];
}

function criteriaIn(lines: readonly string[], pattern: RegExp): readonly Criterion[] {
  const found = new Map<string, Criterion>();
  for (const line of lines) {
    const { label: text, description, dashed } = pattern.exec(line.slice(0, 1_000))?.groups ?? {};
    const label = text?.replace(/[*_`:]+/g, "").trim() ?? "";
    const key = keyOf(label);
    if (key === "" || structure.test(label) || found.has(key)) continue;
    found.set(key, { key, label, description: (description ?? dashed)?.trim() || null });
    if (found.size === maxCriteria) break;
  }
  return [...found.values()];
}

function keyOf(label: string): string {
  return label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}
