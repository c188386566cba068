/** A name of more than `longest` characters as messages say it: its beginning. */
export function shortened(name: string, longest: number): string {
  return name.length > longest ? `${name.slice(0, 64)}...` : name;
}
