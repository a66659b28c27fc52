// How long each project of the suite took, and which of its files took longest.
import type { Reporter } from "vitest/node";

export interface FileDuration {
  readonly project: string;
  readonly file: string;
  /** Of any one clock, in milliseconds. */
  readonly begunAt: number;
  readonly endedAt: number;
}

const SLOWEST = 5;

/**
 * One line per project, in the order in which they began. Files run side by side, so a project takes less than their
 * sum.
 */
export function describeDurations(files: readonly FileDuration[]): string[] {
  const projects = new Map<string, FileDuration[]>();
  for (const file of files.toSorted((one, other) => one.begunAt - other.begunAt)) {
    projects.set(file.project, [...(projects.get(file.project) ?? []), file]);
  }
  return [...projects].map(([project, own]) => {
    const took = Math.max(...own.map(({ endedAt }) => endedAt)) - Math.min(...own.map(({ begunAt }) => begunAt));
    const slowest = own
      .toSorted((one, other) => length(other) - length(one))
      .slice(0, SLOWEST)
      .map((file) => `${file.file} ${inWords(length(file))}`);
    const count = `${own.length} ${own.length === 1 ? "file" : "files"}`;
    return `${project}: ${inWords(took)}, ${count}; slowest ${slowest.join(", ")}`;
  });
}

/** Notes when files begin and end. */
export function recordDurations(): { readonly reporter: Reporter; readonly files: readonly FileDuration[] } {
  const files: FileDuration[] = [];
  const begun = new Map<string, number>();
  return {
    files,
    reporter: {
      onTestModuleQueued({ id }) {
        begun.set(id, performance.now());
      },
      onTestModuleEnd({ id, project, relativeModuleId }) {
        const endedAt = performance.now();
        files.push({ project: project.name, file: relativeModuleId, begunAt: begun.get(id) ?? endedAt, endedAt });
      },
    },
  };
}

/** "4 s", "2 min 5 s" */
export function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function length({ begunAt, endedAt }: FileDuration): number {
  return endedAt - begunAt;
}
