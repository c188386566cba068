import { param, raw, type Sql, sql } from "./sql.ts";

/*
 * Lists by time look into the table hour by hour, as far as they have to, so that they do not grow with the table.
 */

/** Hours since the epoch, from the first to before the last; without one of them there is no end on that side. */
export interface Hours {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** The hour since the epoch of an expression of a time; NULL stays. */
export function hourOf(time: string): Sql {
  return raw(`intDiv(toUnixTimestamp(${time}), 3600)`);
}

/** @param hour since the epoch @returns a text for DateTime64(9) */
function hourText(hour: number): string {
  return `${new Date(hour * 3_600_000).toISOString().slice(0, 19).replace("T", " ")}.000000000`;
}

/** Conditions on a column of times. @param around hours that are taken in on both sides */
export function inHours(column: string, { from, to }: Hours, around = 0): Sql[] {
  const at = (hour: number): Sql => sql`${param("DateTime64(9, 'UTC')", hourText(hour))}`;
  return [
    ...(from === undefined ? [] : [sql`${raw(column)} >= ${at(from - around)}`]),
    ...(to === undefined ? [] : [sql`${raw(column)} < ${at(to + around)}`]),
  ];
}

/**
 * Hours of arrival of which all rows of the roll-up are asked for the first and last hour of spans: quicker than two
 * statements that stop at the first row, up to this. No option: the answer is the same.
 */
export const mostHoursOfAll = 48;

/** How many hours the first part of a list has; each further one has so many times as many. */
const firstHours = 2;
const growth = 4;

/**
 * Parts of `hours` in the order of a list: by time, the nearest first and each longer than the last, so that a short page
 * looks at little and a rare match is found in few steps. Otherwise all at once.
 */
export function* partsOf(
  hours: Hours,
  order: { readonly isByTime: boolean; readonly descending: boolean },
): Generator<Hours> {
  const { from, to } = hours;
  if (!order.isByTime || from === undefined || to === undefined) {
    yield hours;
    return;
  }
  let length = firstHours;
  if (order.descending) {
    let end = to;
    for (; end - length > from; length *= growth) {
      yield { from: end - length, to: end };
      end -= length;
    }
    yield { from, to: end };
    return;
  }
  let start = from;
  for (; start + length < to; length *= growth) {
    yield { from: start, to: start + length };
    start += length;
  }
  yield { from: start, to };
}
