type Column = Uint8Array | Int32Array | Uint32Array | Float64Array;

/** A copy of `column` with room for `length` elements; new ones are zero. */
export function grown<C extends Column>(column: C, length: number): C {
  const larger = new (column.constructor as new (length: number) => C)(length);
  larger.set(column);
  return larger;
}
