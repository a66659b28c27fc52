// What a process' caches count, read from its `/metrics`. A process without that page, or without caches, has no figures.

/** Of one level of one cache, since the process began. */
export interface LevelFigures {
  readonly hits: number;
  readonly misses: number;
  readonly loads: number;
}

/** By the cache's name and level, e.g. `response memory`. */
export type CacheFigures = ReadonlyMap<string, LevelFigures>;

const SAMPLE = /^(?<metric>[a-z_]*cache[a-z_]*)(?:\{(?<labels>[^}]*)\})? (?<value>[0-9.e+]+)$/;
const COUNTED = { hits: /hits?(_total)?$/, misses: /miss(es)?(_total)?$/, loads: /loads?(_total)?$/ } as const;

export async function readCacheFigures(url: string): Promise<CacheFigures> {
  const response = await fetch(`${url}/metrics`);
  const text = await response.text();
  return response.ok ? parseCacheFigures(text) : new Map();
}

/** @param text in Prometheus' format, version 0.0.4 */
export function parseCacheFigures(text: string): CacheFigures {
  const figures = new Map<string, LevelFigures>();
  for (const line of text.split("\n")) {
    const { metric = "", labels = "", value = "" } = SAMPLE.exec(line)?.groups ?? {};
    const level = [...labels.matchAll(/="([^"]*)"/g)].map(([, label]) => label).join(" ");
    for (const [what, pattern] of Object.entries(COUNTED)) {
      if (!pattern.test(metric)) continue;
      const name = level === "" ? metric.replace(pattern, "") : level;
      figures.set(name, { ...(figures.get(name) ?? NOTHING), [what]: Number(value) });
    }
  }
  return figures;
}

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
