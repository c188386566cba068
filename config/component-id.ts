/** `type` or `type/name`. */
export interface ComponentId {
  readonly type: string;
  readonly name: string | undefined;
}

const typePattern = /^[a-zA-Z][0-9a-zA-Z_]{0,62}$/;
// No white space, control characters or symbols: the id is a metric label and a log field.
const namePattern = /^[^\p{Z}\p{C}\p{S}]{1,1024}$/u;

/** Takes an id apart, or says what is wrong with it. */
export function parseComponentId(id: string): ComponentId | { readonly fault: string } {
  const slash = id.indexOf("/");
  const type = (slash < 0 ? id : id.slice(0, slash)).trim();
  if (!typePattern.test(type)) {
    return { fault: `"${id}" is no component id, its type must be up to 63 letters, digits and _, a letter first` };
  }
  if (slash < 0) return { type, name: undefined };
  const name = id.slice(slash + 1).trim();
  if (namePattern.test(name)) return { type, name };
  return { fault: `"${id}" is no component id, its name must be 1 to 1024 characters without spaces and symbols` };
}
