/** Whether arrays and objects in `value` nest deeper than `max` levels. */
export function isDeeper(value: unknown, max: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (max === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (isDeeper(item, max - 1)) return true;
    return false;
  }
  for (const key in value) if (isDeeper((value as Readonly<Record<string, unknown>>)[key], max - 1)) return true;
  return false;
}
