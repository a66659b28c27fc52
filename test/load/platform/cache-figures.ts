// What a process' caches count, read from its `/metrics`. A process without that page, or without caches, has no
// figures.

/** Of one level of one cache, since the process began. */
export interface LevelFigures {
  readonly hits: number;
  readonly misses: number;
  readonly loads: number;
}

/** By the cache's name and level, e.g. `user.1 memory`, and for the gateway by `REQUESTS` and `NEEDED`. */
export type CacheFigures = ReadonlyMap<string, LevelFigures>;

/** Requests for answers that may be kept: hits were answered without a question to any subgraph. */
export const REQUESTS = "read requests";
/** Fetches that the answers to these requests are made of: for hits no subgraph was asked. */
export const NEEDED = "fetches needed by them";

const SAMPLE = /^(?<metric>[a-z_]*cache[a-z_]*)(?:\{(?<labels>[^}]*)\})? (?<value>[0-9.e+]+)$/;
const COUNTED: readonly (readonly [keyof LevelFigures, RegExp])[] = [
  ["hits", /cache_hits(_total)?$/],
  ["misses", /cache_misses(_total)?$/],
  ["loads", /cache_loads(_total)?$/],
];
/**
 * Of caches that count by result. Whoever joins an equal question under way was answered without one of their own. An
 * answer that was put together from kept parts is a miss of the cache that keeps whole ones.
 */
const RESULTS: Readonly<Record<string, readonly (keyof LevelFigures)[]>> = {
  hit: ["hits"],
  joined: ["hits"],
  composed: ["misses", "loads"],
  miss: ["misses", "loads"],
};

export async function readCacheFigures(url: string): Promise<CacheFigures> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  return response.ok ? parseCacheFigures(text) : new Map();
}

/** @param text in Prometheus' format, version 0.0.4 */
function parseCacheFigures(text: string): CacheFigures {
  const figures = new Map<string, LevelFigures>();
  const add = (name: string, what: keyof LevelFigures, count: number) => {
    const figuresOfCache = figures.get(name) ?? NOTHING;
    figures.set(name, { ...figuresOfCache, [what]: figuresOfCache[what] + count });
  };
  for (const line of text.split("\n")) {
    const { metric = "", labels = "", value = "" } = SAMPLE.exec(line)?.groups ?? {};
    const { result, ...others } = Object.fromEntries([...labels.matchAll(LABEL)].map(([, name, of]) => [name, of]));
    const level = Object.values(others).join(" ");
    if (metric.endsWith("response_cache_needed_total")) {
      add(NEEDED, others["from"] === "kept" ? "hits" : "misses", Number(value));
      continue;
    }
    if (metric.endsWith("response_cache_lookups_total") && result !== undefined && result !== "bypass") {
      add(REQUESTS, result === "miss" ? "misses" : "hits", Number(value));
    }
    const by = /(lookups|fetches)_total$/;
    if (result !== undefined && by.test(metric)) {
      for (const what of RESULTS[result] ?? []) add(shortName(metric.replace(by, ""), level), what, Number(value));
    }
    for (const [what, pattern] of COUNTED) {
      if (pattern.test(metric)) add(shortName(metric.replace(pattern, ""), level), what, Number(value));
    }
  }
  return figures;
}

const LABEL = /([a-z_]+)="([^"]*)"/g;

/** `tributary_entity_cache` → `entity`, `prefix:cache:user.1 memory` → `user.1 memory`. */
const shortName = (metric: string, level: string) =>
  [metric.replace(/^tributary_/, "").replace(/_?cache_?.*$/, ""), level.replace(/^\S*:cache:/, "")]
    .filter((part) => part !== "")
    .join(" ");

const NOTHING: LevelFigures = { hits: 0, misses: 0, loads: 0 };

/** What was counted between two readings. */
export function countedBetween(from: CacheFigures, to: CacheFigures): CacheFigures {
  return new Map(
    [...to].map(([name, { hits, misses, loads }]) => {
      const before = from.get(name) ?? NOTHING;
      return [name, { hits: hits - before.hits, misses: misses - before.misses, loads: loads - before.loads }];
    }),
  );
}
