import { badRequest } from "../http/errors.ts";

/*
 * What may stand in SQL that people write themselves. This is not what keeps projects apart: row policies and rights in the
 * database do (exporters/clickhouse/schema/query-user.ts). It keeps out what they do not cover: functions that read files of
 * the server, call other servers or tell of the server itself, and plans, which tell of other projects' amounts.
 *
 * The text is cut into words as ClickHouse cuts it. What it might read in another way than we do is refused.
 */

/**
 * @param maxBytes of the text: each of its words is an object here
 * @throws {ApiError} 400: the text is too long, something else than one query, or uses what it may not
 */
export function assertAllowed(query: string, maxBytes: number): void {
  if (Buffer.byteLength(query) > maxBytes) throw refused(`is longer than ${maxBytes} bytes (sql.max_query_size)`);
  const words = wordsOf(query);
  const [first] = words;
  if (first === undefined) throw refused("is empty");
  if (first.kind === "name" && !statements.has(first.text))
    throw refused(`begins with ${shown(first.text)}: only SELECT, WITH, FROM and DESCRIBE are answered`);
  if (first.kind === "symbol" && first.text !== "(") throw refused(`begins with ${shown(first.text)}`);
  for (const [index, word] of words.entries()) {
    if (word.kind === "symbol" && word.text === ";" && index < words.length - 1)
      throw refused("holds more than one statement");
    if (word.kind === "name") checkName(word.text, words[index + 1], words[index - 1]);
    if (isSettings(words, index)) throw refused("has SETTINGS: they are the server's own");
  }
}

/** In subqueries the database does not refuse all of them. */
function isSettings(words: readonly Word[], at: number): boolean {
  const [word, name, sign] = words.slice(at, at + 3);
  return word?.text === "settings" && name?.kind === "name" && sign?.text === "=";
}

const statements: ReadonlySet<string> = new Set(["select", "with", "from", "describe", "desc"]);

const keywords: ReadonlyMap<string, string> = new Map([
  ["explain", "plans are not shown"],
  ["outfile", "results go to the answer alone"],
  ["infile", "there are no files to read"],
  ["identifier", "names cannot be parameters"],
]);

/** Databases that are not a project's. */
const databases: ReadonlySet<string> = new Set(["system", "information_schema"]);

function checkName(name: string, next: Word | undefined, previous: Word | undefined): void {
  const why = keywords.get(name);
  if (why !== undefined) throw refused(`has ${shown(name)}: ${why}`);
  if (databases.has(name) && next?.text === "." && previous?.text !== ".")
    throw refused(`reads the database ${shown(name)}`);
  // A function may be named without being called: arrayMap(f, x), APPLY f.
  if (isPrivateFunction(name) && (next?.text === "(" || previous?.text !== "."))
    throw refused(`uses the function ${shown(name)}`);
  if (next?.text !== "(") return;
  if (isServerFunction(name)) throw refused(`uses the function ${shown(name)}`);
  if (isForeignSource(name)) throw refused(`uses the table function ${shown(name)}`);
}

const namesIn = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((name) => name !== ""));

/** Functions that reach files, the network, models, dictionaries, or hold up the server. Lower case. */
const privateFunctions =
  namesIn(`file catboostevaluate evalmlmethod joinget joingetornull showcertificate sleep sleepeachrow
  logtrace hascolumnintable getclienthttpheader getmacro getsetting getsettingordefault getserversetting globalvariable
  getmergetreesetting getmaxtablenamelengthfordatabase structuretocapnprotoschema structuretoprotobufschema`);
const privateFamilies =
  /^(?:ai(?:classify|embed|extract|generate|translate)|dict(?:get|has|is)[a-z0-9_]*|region(?:hierarchy|in$|to)|naivebayes|addressto|filesystem|timeseries(?:idto|storetags|tagsgroupto|grouptotags)|__)/;

export function isPrivateFunction(name: string): boolean {
  const lower = name.toLowerCase();
  return privateFunctions.has(lower) || privateFamilies.test(lower);
}

/** Functions without arguments of note that tell of the server. Their names may well be those of columns. */
const serverFunctions =
  namesIn(`displayname fqdn hostname fullhostname tcpport getserverport uptime serveruuid buildid revision
  getoskernelversion hasthreadfuzzer generateserialid tid demangle mergetreepartinfo ismergetreepartcoveredby
  zookeepersessionuptime fuzzquery transactionid transactionlatestsnapshot transactionoldestsnapshot`);

export function isServerFunction(name: string): boolean {
  return serverFunctions.has(name.toLowerCase());
}

/** Table functions that make rows of nothing but their arguments. */
export const ownSources = namesIn(
  "numbers numbers_mt zeros zeros_mt primes generateseries generate_series values sqlstandardvalues null view format generaterandom",
);
const foreignSources =
  namesIn(`ytsaurus cosn gcs oss loop postgresql viewifpermitted jdbc filesystem dictionary fuzzjson
  fuzzquery merge url urlcluster executable eval file filecluster redis input mysql viewexplain odbc mongodb sqlite arrowflight
  remote remotesecure`);
const foreignFamilies =
  /^(?:s3|hdfs|azure|iceberg(?!bucket|truncate)|deltalake|paimon|hudi|cluster|mergetree|prometheus|timeseries(?:selector|metrics|tags$|samples|data))/;

export function isForeignSource(name: string): boolean {
  const lower = name.toLowerCase();
  return !ownSources.has(lower) && (foreignSources.has(lower) || foreignFamilies.test(lower));
}

interface Word {
  /** A name is in lower case, with or without quotes around it in the query. */
  readonly kind: "name" | "text" | "symbol";
  readonly text: string;
}

const space = /[ \t\r\n\f\v]+/y;
const comment = /--[^\n]*|\/\*(?:(?!\/\*|\*\/)[\s\S])*\*\//y;
const bareName = /[A-Za-z_][A-Za-z0-9_]*/y;
const quotedName = /"((?:[^"\\]|"")*)"|`((?:[^`\\]|``)*)`/y;
const literal = /'(?:[^'\\]|\\[\s\S]|'')*'/y;
const number = /\d[A-Za-z0-9_]*/y;
const plainNumber = /^(?:[\d_]+(?:e\d*)?|0x[0-9a-f]+|0b[01]+)$/i;
const symbol = /[!%&()*+,\-./:;<=>?@[\]^{|}~]/y;

function wordsOf(query: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(query);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < query.length) {
    if (take(space) ?? take(comment)) continue;
    const word = query.startsWith("/*", at) ? undefined : wordAt(take);
    if (word === undefined || isOddLiteral(word, query[at])) throw refused(`cannot be read at character ${at + 1}`);
    words.push(word);
  }
  return words;
}

function wordAt(take: (pattern: RegExp) => RegExpExecArray | null): Word | undefined {
  const bare = take(bareName);
  if (bare !== null) return { kind: "name", text: bare[0].toLowerCase() };
  const quoted = take(quotedName);
  if (quoted !== null) return { kind: "name", text: (quoted[1] ?? quoted[2]!).toLowerCase() };
  if (take(literal) !== null) return { kind: "text", text: "" };
  const digits = take(number);
  if (digits !== null) return plainNumber.test(digits[0]) ? { kind: "text", text: "" } : undefined;
  const sign = take(symbol);
  return sign === null ? undefined : { kind: "symbol", text: sign[0] };
}

/** x'00' and b'01': there a backslash stands for itself. */
function isOddLiteral({ kind, text }: Word, next: string | undefined): boolean {
  return kind === "name" && next === "'" && (text === "x" || text === "b");
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

function refused(what: string) {
  return badRequest([{ loc: ["body", "query"], msg: `the query ${what}`, type: "query_not_allowed" }]);
}
