// Loaded into the soaked processes by `--import`: SIGUSR2 collects garbage and writes what is held then. `{pid}` in the
// name of the file stands for the process' own.
import { writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const file = process.env["SOAK_PROBE_FILE"]?.replace("{pid}", String(process.pid));
// The variable is inherited by children, where nobody asks.
if (file !== undefined && process.argv[1]?.endsWith("main.ts") === true) install(file);

function install(target: string): void {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  process.on("SIGUSR2", () => {
    collect();
    const { heapUsed, rss } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    const count = (kind: string) => resources.filter((name) => name === kind).length;
    const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    const held = { heapUsed, rss, sockets: count("TCPSocketWrap"), timers: count("Timeout"), listeners };
    writeFileSync(target, JSON.stringify(held));
  });
}
