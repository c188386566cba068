let last = 0;

/**
 * A number that is greater than all before: of two values of one field, that with the greater version holds. Microseconds
 * since the Unix epoch, so that writers in several processes agree, too.
 */
export function nextVersion(): number {
  last = Math.max(last + 1, Date.now() * 1_000);
  return last;
}
