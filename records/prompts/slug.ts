/** What a task is called where its name has neither a letter nor a digit of ASCII. */
const noName = "prompt";
/** Part of what a slug is: with another one, the same names would get other slugs. */
const maxLength = 200;

/** `Customer Support / EU` as `customer-support-eu`. */
export function slugOf(taskName: string): string {
  const slug = taskName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, maxLength)
    .replace(/^-+|-+$/g, "");
  return slug === "" ? noName : slug;
}

/** The slug, then `slug-2`, `slug-3`, and so on. */
export function* slugCandidates(taskName: string): Generator<string> {
  const slug = slugOf(taskName);
  yield slug;
  for (let number = 2; ; number++) yield `${slug}-${number}`;
}
