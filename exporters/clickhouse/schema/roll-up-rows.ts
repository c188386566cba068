import { namespaceDnsHex } from "../../../pipeline/ids.ts";

/*
 * The rows of the roll-ups, as views and repairs make them.
 */

/** Stands for "none" where the least text wins. */
export const none = "~";

/**
 * Milliseconds since the epoch as a text that sorts as the number does, and what came then: the least such text is the first,
 * the greatest the last that came.
 */
export function stampedText(arrivalMs: number, text: string): string {
  return Math.trunc(arrivalMs).toString(16).toUpperCase().padStart(stampDigits, "0") + text;
}

export const stampDigits = 12;

const stamp = (text: string): string =>
  `concat(leftPad(hex(toUnixTimestamp64Milli(s.CreatedAt)), ${stampDigits}, '0'), ${text})`;

/** Stands for "no span" where the least start wins: an expression, in whatever time zone the server is, and nanoseconds. */
export const noStart = "toDateTime64('2262-01-01 00:00:00', 9, 'UTC')";
export const noStartNs = "9214646400000000000";

/** What `Root` begins with: the least one is a span without parent, where the trace has one. */
export const withoutParent = "0";
export const withParent = "1";

/** Digits before the name in `Root`: whether the span has a parent, and when it started. */
export const rootDigits = 17;

/** Whether a row of the table of spans counts as an error: `has_error` of the API. */
export const hasError = "(StatusCode = 'Error' OR ErrorType != '' OR ErrorMessage != '')";

/**
 * The hash of a stored id (expression of the server), in `SpanHashes` and in the table of ids, where another id with the same one
 * only makes a look-up look in more places.
 */
export function idHash(id: string): string {
  return `toUInt32(cityHash64(${id}))`;
}

/**
 * When spans of one hour have started, as one number: the second of the hour of the first of them in the upper sixteen bits, and
 * the seconds from there to the last in the lower ones.
 */
export function startsOf(first: string, last: string): string {
  const second = `intDiv(toUnixTimestamp64Milli(${first}), 1000) % 3600`;
  return `toUInt32(${second} * 65536 + dateDiff('second', ${first}, ${last}))`;
}

/**
 * A stamped name of the session of a row of `traces`, as old as can be where it is the text that the session's id was made of
 * (`sessionUuid`): the name of sessions that were given none, which one that somebody gave outlives whatever comes later. The
 * last 48 bits of the id are compared: the server understands this anew with every insert.
 */
function datedName(stamped: string): string {
  const name = `substring(${stamped}, ${stampDigits + 1})`;
  const hash = `SHA1(concat(unhex('${namespaceDnsHex}'), ${name}))`;
  const isNamedByItsId = `${stamped} != '' AND hex(substring(${hash}, 11, 6)) = upper(substring(Session, ${stampDigits + 25}))`;
  return `if(${isNamedByItsId}, concat('${"0".repeat(stampDigits)}', ${name}), ${stamped})`;
}

/** Of several names, of which one may have been given and the other be the id. */
const newestName = `arrayReverseSort(arrayMap(name -> ${datedName("name")}, if(length(names) < 2, [], names)))[1]`;

/** The rows of `traces` that rows of the table of spans make. @param where of these rows */
export function traceRowsOf(spans: string, where = "TraceId != ''"): string {
  return [
    // Most spans have no name, and what is made of one is not made for these.
    `WITH groupUniqArrayIf(if(s.SessionName = '', '', ${stamp("s.SessionName")}), s.SessionName != '') AS names`,
    "SELECT ProjectId, toStartOfHour(Timestamp, 'UTC') AS Hour, TraceId,",
    "  min(Timestamp) AS Start,",
    "  max(if(EndState = 'open', toDateTime64(0, 9), addNanoseconds(Timestamp, Duration))) AS End,",
    "  min(s.CreatedAt) AS CreatedAt, max(s.CreatedAt) AS UpdatedAt,",
    `  toInt64(count()) AS RowCount, groupUniqArray(${idHash("SpanId")}) AS SpanHashes,`,
    `  toInt64(countIf(${hasError})) AS ErrorCount, toInt64(countIf(StatusCode = 'Ok')) AS OkCount, sum(s.Cost) AS Cost,`,
    `  min(concat(if(ParentSpanId = '', '${withoutParent}', '${withParent}'), leftPad(hex(reinterpretAsUInt64(Timestamp)), 16, '0'), SpanName)) AS Root,`,
    "  min(ParentSpanId != '' OR (Input = '' AND Output = '')) AS SilentRoot,",
    `  min(if(SessionId = '', '${none}', ${stamp("SessionId")})) AS Session,`,
    // Hashes are dear: a single name, which most traces have, is left to the view of sessions.
    `  if(length(names) < 2, names[1], ${newestName}) AS SessionName,`,
    `  ${startsOf("min(Timestamp)", "max(Timestamp)")} AS Starts`,
    `FROM ${spans} AS s`,
    `WHERE ${where}`,
    "GROUP BY ProjectId, Hour, TraceId",
  ].join("\n");
}

/** The rows of `sessions` that rows of `traces` make. */
export function sessionRowsOf(traces: string): string {
  return [
    `SELECT ProjectId, substring(Session, ${stampDigits + 1}) AS SessionId, toDate(s.CreatedAt, 'UTC') AS Day,`,
    `  max(${datedName("SessionName")}) AS Name,`,
    "  min(s.CreatedAt) AS CreatedAt, max(s.UpdatedAt) AS UpdatedAt,",
    "  groupUniqArray((Hour, TraceId)) AS Traces,",
    "  sum(s.Cost) AS Cost, sum(s.ErrorCount) AS ErrorCount,",
    "  sum(if(End > Start, dateDiff('nanosecond', Start, End), 0)) AS Duration",
    `FROM ${traces} AS s`,
    `WHERE Session != '${none}'`,
    "GROUP BY ProjectId, SessionId, Day",
  ].join("\n");
}

/**
 * Keys in `Explicit` of `traces` for tags of a session that a span has said without naming it, before its trace knew one: they
 * are the tags of whichever session is the trace's.
 */
export const sessionTagPrefix = "session_tag.";

/**
 * Id of the row of `sessions` that says of a project that such tags are there at all: without it, nobody looks for them. No
 * session has it.
 */
export const waitingMark = "";

/** These tags in `Explicit`, as the column `Tags` of `sessions` has them. */
export const waitingTags = `arrayMap(t -> (substring(t.1, ${sessionTagPrefix.length + 1}), t.2, t.3), arrayFilter(t -> startsWith(t.1, '${sessionTagPrefix}'), Explicit))`;

/** The keys of a row's tags: what an index of `sessions` is made of, and conditions must say in the same words. */
export const tagKeys = "arrayMap(t -> t.1, Tags)";
