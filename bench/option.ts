/** What a case is told on the command line: the text behind `--name=`; undefined: nothing. */
export function optionOf(name: string): string | undefined {
  const begin = `--${name}=`;
  return process.argv.find((arg) => arg.startsWith(begin))?.slice(begin.length);
}
