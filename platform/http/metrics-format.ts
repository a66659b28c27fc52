/** Counters in Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export interface Metric {
  readonly type: "gauge" | "counter" | "histogram";
  /** Whole name, e.g. `tributary_live_connections`. */
  readonly name: string;
  readonly help: string;
  /** What follows the name (labels as `labels` writes them, or nothing), and the value. */
  readonly samples: readonly (readonly [suffix: string, value: number])[];
}

/** One part of the page. Called for each scrape; must not throw. */
export type MetricsSource = () => readonly Metric[];

/** Like it, for what has to be asked: answers within seconds. */
export type AskedMetricsSource = () => Promise<readonly Metric[]>;

export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .flatMap(({ type, name, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(([suffix, value]) => `${name}${suffix} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join("");
}

/** `{name="value",…}`, with what clients chose made harmless. */
export function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(
    ([name, value]) => `${name}="${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`,
  );
  return `{${pairs.join(",")}}`;
}
