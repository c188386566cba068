import { type JsonWriter, literal } from "./json-writer.ts";

/** Names of roles, in lower case, that are none of OpenTelemetry's -> the role they mean. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["human", "user"],
  ["humanmessage", "user"],
  ["ai", "assistant"],
  ["aimessage", "assistant"],
  ["aimessagechunk", "assistant"],
  ["model", "assistant"],
  ["systemmessage", "system"],
  ["function", "tool"],
  ["ipython", "tool"],
  ["toolmessage", "tool"],
  ["functionmessage", "tool"],
]);

const longestAlias = 15;

export const Role = { OTHER: 0, USER: 1, ASSISTANT: 2, SYSTEM: 3, TOOL: 4 } as const;
export type Role = (typeof Role)[keyof typeof Role];

const texts = ["", "user", "assistant", "system", "tool"];
const roles = new Map<string, Role>([
  ["user", Role.USER],
  ["assistant", Role.ASSISTANT],
  ["system", Role.SYSTEM],
  ["tool", Role.TOOL],
]);
const literals = texts.map((text) => literal(JSON.stringify(text)));
/** How a message begins, by its role. */
const heads = texts.map((text) => literal(`{"role":${JSON.stringify(text)},"parts":`));
const otherHead = literal('{"role":');
const partsMember = literal(',"parts":');

/** Writes the beginning of a message up to its parts: `{"role":"user","parts":`. An empty role is `otherwise`. */
export function writeHead(writer: JsonWriter, start: number, length: number, otherwise: Role): Role {
  const known = length === 0 ? otherwise : commonRole(writer.bytes, start, length);
  if (known !== Role.OTHER) {
    writer.literal(heads[known]!);
    return known;
  }
  writer.literal(otherHead);
  const role = writeRole(writer, start, length);
  writer.literal(partsMember);
  return role;
}

/** Writes a role that is known. */
export function writeKnownRole(writer: JsonWriter, role: Role): void {
  writer.literal(literals[role]!);
}

/** Writes the role at a range of the arena as a JSON string, by its common name; returns which it is. */
export function writeRole(writer: JsonWriter, start: number, length: number): Role {
  const known = commonRole(writer.bytes, start, length);
  if (known !== Role.OTHER) {
    writer.literal(literals[known]!);
    return known;
  }
  if (length <= longestAlias) {
    const text = Buffer.from(writer.bytes.subarray(start, start + length))
      .toString("latin1")
      .toLowerCase();
    const role = roles.get(aliases.get(text) ?? text);
    if (role !== undefined) {
      writer.literal(literals[role]!);
      return role;
    }
  }
  writer.string(start, length);
  return Role.OTHER;
}

/** The role if it is written as OpenTelemetry does; decided by length and first letter, then compared. */
function commonRole(bytes: Uint8Array, start: number, length: number): Role {
  const role =
    length === 9
      ? Role.ASSISTANT
      : length === 6
        ? Role.SYSTEM
        : length !== 4
          ? Role.OTHER
          : bytes[start] === 0x75
            ? Role.USER
            : Role.TOOL;
  if (role === Role.OTHER) return role;
  const text = texts[role]!;
  for (let i = 0; i < length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return Role.OTHER;
  return role;
}
