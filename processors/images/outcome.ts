/** Why an image was removed and not kept. Part of the interface: the texts stand in spans and in the column `Warnings`. */
export const failureCodes = [
  "attachment_invalid_base64",
  "attachment_unsupported_type",
  "attachment_too_large",
  "attachment_limit_exceeded",
  "attachment_truncated",
] as const;
export type FailureCode = (typeof failureCodes)[number];

/** Other things that a warning may say; they remove nothing. */
export type NoticeCode = "attachment_url_not_allowed" | "attachment_not_scanned";

/** What became of something that may be an image. Undefined: it is none, and stays where it is. */
export type Outcome = { readonly id: string } | { readonly failure: FailureCode } | undefined;

/** What stands in a span in place of an image. */
export function reference(outcome: NonNullable<Outcome>): string {
  return "id" in outcome ? `attachment://${outcome.id}` : `attachment://error/${outcome.failure}`;
}
