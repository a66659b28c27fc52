// What a tier of the suite left to the other one, in plain words.
import { belongsTo, sizesOf, TIERS, type Tier } from "../tiers.ts";

export interface ProjectFile {
  readonly project: string;
  /** From the project's root, with slashes. */
  readonly file: string;
}

/** @param selected what the command's arguments select, of whatever tier */
export function leftOut({ name }: Tier, selected: readonly ProjectFile[]): string[] {
  return name === "short" ? leftToLong(selected) : leftToShort(selected);
}

function leftToLong(selected: readonly ProjectFile[]): string[] {
  const lines = selected.flatMap(({ file }) =>
    belongsTo(TIERS.short, file)
      ? sizesOf(file).map(({ of, long, short }) => `  ${file}: ${long} ${of}; here ${short}`)
      : [`  ${file}`],
  );
  return lines.length === 0 ? [] : [`Left to ${TIERS.long.command}:`, ...lines.sort()];
}

function leftToShort(selected: readonly ProjectFile[]): string[] {
  const files = new Map<string, number>();
  for (const { project, file } of selected) {
    if (!belongsTo(TIERS.long, file)) files.set(project, (files.get(project) ?? 0) + 1);
  }
  const lines = [...files].map(([project, count]) => `  ${project}: ${count} ${count === 1 ? "file" : "files"}`);
  return lines.length === 0 ? [] : [`Left to ${TIERS.short.command}:`, ...lines];
}
