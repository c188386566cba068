/**
 * What a failed insert means for its block.
 *
 * - `permanent`: the server will never take this block; it goes to a dead letter
 * - `retryable`: the same block may be taken later
 * - `overload`: retryable, and more inserts make it worse: the circuit breaker opens
 * - `access`: retryable for data, which is not at fault; fatal at start
 */
export type FailureKind = "permanent" | "retryable" | "overload" | "access";

type Codes = readonly (readonly [number, string])[];

// Names as the server has them (system.errors); a test compares.
const overload: Codes = [
  [202, "TOO_MANY_SIMULTANEOUS_QUERIES"],
  [241, "MEMORY_LIMIT_EXCEEDED"],
  [243, "NOT_ENOUGH_SPACE"],
  [252, "TOO_MANY_PARTS"],
];

const access: Codes = [
  [164, "READONLY"],
  [192, "UNKNOWN_USER"],
  [193, "WRONG_PASSWORD"],
  [194, "REQUIRED_PASSWORD"],
  [195, "IP_ADDRESS_NOT_ALLOWED"],
  [291, "DATABASE_ACCESS_DENIED"],
  [497, "ACCESS_DENIED"],
  [516, "AUTHENTICATION_FAILED"],
];

const retryable: Codes = [
  [3, "UNEXPECTED_END_OF_FILE"],
  [32, "ATTEMPT_TO_READ_AFTER_EOF"],
  // A body that was cut short by a broken connection; a whole one would be taken.
  [33, "CANNOT_READ_ALL_DATA"],
  [74, "CANNOT_READ_FROM_FILE_DESCRIPTOR"],
  [75, "CANNOT_WRITE_TO_FILE_DESCRIPTOR"],
  [76, "CANNOT_OPEN_FILE"],
  [159, "TIMEOUT_EXCEEDED"],
  [160, "TOO_SLOW"],
  [173, "CANNOT_ALLOCATE_MEMORY"],
  [198, "DNS_ERROR"],
  [203, "NO_FREE_CONNECTION"],
  [209, "SOCKET_TIMEOUT"],
  [210, "NETWORK_ERROR"],
  [225, "NO_ZOOKEEPER"],
  [236, "ABORTED"],
  [242, "TABLE_IS_READ_ONLY"],
  [244, "UNEXPECTED_ZOOKEEPER_ERROR"],
  [279, "ALL_CONNECTION_TRIES_FAILED"],
  [285, "TOO_FEW_LIVE_REPLICAS"],
  [286, "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE"],
  [289, "REPLICA_IS_NOT_IN_QUORUM"],
  [319, "UNKNOWN_STATUS_OF_INSERT"],
  [394, "QUERY_WAS_CANCELLED"],
  [415, "ALL_REPLICAS_LOST"],
  [425, "SYSTEM_ERROR"],
  [439, "CANNOT_SCHEDULE_TASK"],
  [473, "DEADLOCK_AVOIDED"],
  [499, "S3_ERROR"],
  [999, "KEEPER_EXCEPTION"],
  [1000, "POCO_EXCEPTION"],
];

// About values in the rows: others would be taken.
const values: Codes = [
  [6, "CANNOT_PARSE_TEXT"],
  [26, "CANNOT_PARSE_QUOTED_STRING"],
  [27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED"],
  [38, "CANNOT_PARSE_DATE"],
  [41, "CANNOT_PARSE_DATETIME"],
  [69, "ARGUMENT_OUT_OF_BOUND"],
  [70, "CANNOT_CONVERT_TYPE"],
  [72, "CANNOT_PARSE_NUMBER"],
  [117, "INCORRECT_DATA"],
  [131, "TOO_LARGE_STRING_SIZE"],
  [158, "TOO_MANY_ROWS"],
  [307, "TOO_MANY_BYTES"],
  [321, "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE"],
  [349, "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN"],
  [407, "DECIMAL_OVERFLOW"],
  [469, "VIOLATED_CONSTRAINT"],
];

// About the statement or the table, whatever the rows hold.
const statements: Codes = [
  [8, "THERE_IS_NO_COLUMN"],
  [10, "NOT_FOUND_COLUMN_IN_BLOCK"],
  [15, "DUPLICATE_COLUMN"],
  [16, "NO_SUCH_COLUMN_IN_TABLE"],
  [20, "NUMBER_OF_COLUMNS_DOESNT_MATCH"],
  [36, "BAD_ARGUMENTS"],
  [43, "ILLEGAL_TYPE_OF_ARGUMENT"],
  [44, "ILLEGAL_COLUMN"],
  [46, "UNKNOWN_FUNCTION"],
  [47, "UNKNOWN_IDENTIFIER"],
  [48, "NOT_IMPLEMENTED"],
  [50, "UNKNOWN_TYPE"],
  [53, "TYPE_MISMATCH"],
  [60, "UNKNOWN_TABLE"],
  [62, "SYNTAX_ERROR"],
  [73, "UNKNOWN_FORMAT"],
  [80, "INCORRECT_QUERY"],
  [81, "UNKNOWN_DATABASE"],
  [115, "UNKNOWN_SETTING"],
  [386, "NO_COMMON_TYPE"],
];

/** Whether a permanent failure is that of values which somebody has sent. */
export function isOfValues(code: number | undefined): boolean {
  return values.some(([known]) => known === code);
}

/** Every code with a name and a meaning of its own. */
export const errorCodes: ReadonlyMap<number, { readonly name: string; readonly kind: FailureKind }> = new Map(
  Object.entries({ overload, access, retryable, permanent: [...values, ...statements] }).flatMap(([kind, codes]) =>
    codes.map(([code, name]) => [code, { name, kind: kind as FailureKind }] as const),
  ),
);
