// Reads what a load's tables say of processor time: the columns are aligned to the right, so a figure ends where its
// heading ends.

const HEADING = /CPU (?:ms\/req|µs\/frame|ms a request)/;

/** @returns row → figure; rows of a later table of the same name come with the table's first heading in front */
export function cpuFigures(output: string): Map<string, number> {
  const figures = new Map<string, number>();
  let end: number | undefined;
  let title = "";
  for (const line of output.split("\n")) {
    const heading = HEADING.exec(line);
    if (heading !== null) {
      end = heading.index + heading[0].length;
      title = /^\S.*?(?= {2})/.exec(line)?.[0] ?? "";
      continue;
    }
    if (line.trim() === "") end = undefined;
    if (end === undefined) continue;
    const value = Number(/\S+$/.exec(line.slice(0, end))?.[0]);
    const name = /^\S.*?(?= {2})/.exec(line)?.[0];
    if (name === undefined || !Number.isFinite(value)) continue;
    figures.set(figures.has(name) || title.startsWith("ours") ? `${title}, ${name}` : name, value);
  }
  return figures;
}
