// Loaded into the measured servers by `--import`: SIGUSR2 begins a measurement, the next one ends it and writes the
// figures. `{pid}` in the name of a file stands for the process' own.
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";

const ownFile = (variable: string) => process.env[variable]?.replace("{pid}", String(process.pid));
const file = ownFile("LOAD_PROBE_FILE");
const profileFile = ownFile("LOAD_PROFILE_FILE");
// The variables are inherited by the server's children, where nobody asks.
if (file !== undefined && process.argv[1]?.endsWith("main.ts") === true) install(file);

function install(target: string): void {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let begun: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined;
  let collections = { count: 0, ms: 0, longest: 0 };
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      const { count, ms, longest } = collections;
      collections = { count: count + 1, ms: ms + duration, longest: Math.max(longest, duration) };
    }
  }).observe({ entryTypes: ["gc"] });
  const session = profileFile === undefined ? undefined : new Session();

  async function begin(): Promise<void> {
    session?.connect();
    await session?.post("Profiler.enable");
    await session?.post("Profiler.setSamplingInterval", { interval: 500 });
    await session?.post("Profiler.start");
    collections = { count: 0, ms: 0, longest: 0 };
    delay.reset();
    delay.enable();
    begun = { at: performance.now(), cpu: process.cpuUsage() };
  }

  async function end({ at, cpu }: NonNullable<typeof begun>): Promise<void> {
    delay.disable();
    const used = process.cpuUsage(cpu);
    const seconds = (performance.now() - at) / 1_000;
    // The sampling timer itself is due every 5 ms: what it reports above that is the delay.
    const milliseconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 5);
    const figures = {
      seconds,
      loopDelayP50Ms: milliseconds(delay.percentile(50)),
      loopDelayP99Ms: milliseconds(delay.percentile(99)),
      loopDelayMaxMs: milliseconds(delay.max),
      cpuShare: (used.user + used.system) / 1e6 / seconds,
      collections: collections.count,
      collectionShare: collections.ms / 1_000 / seconds,
      longestCollectionMs: collections.longest,
    };
    if (session !== undefined && profileFile !== undefined) {
      const { profile } = await session.post("Profiler.stop");
      writeFileSync(profileFile, JSON.stringify(profile));
      session.disconnect();
    }
    writeFileSync(target, JSON.stringify(figures));
  }

  process.on("SIGUSR2", () => {
    const running = begun;
    begun = undefined;
    void (running === undefined ? begin() : end(running));
  });
}
