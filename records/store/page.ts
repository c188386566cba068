/** Which rows of a sorted list are asked for. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}
