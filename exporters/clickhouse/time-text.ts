/** ISO 8601 in UTC of ticks of `10 ** -places` seconds since the epoch. */
export function timeText(ticks: bigint, places: number): string {
  const perSecond = 10n ** BigInt(places);
  const fraction = BigInt.asUintN(64, ((ticks % perSecond) + perSecond) % perSecond);
  const seconds = (ticks - fraction) / perSecond;
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, -".000Z".length);
  return places === 0 ? `${whole}Z` : `${whole}.${fraction.toString().padStart(places, "0")}Z`;
}
