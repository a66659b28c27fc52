// The measured server alone in its process: `live`, `bare` or `stock` by its first argument. It is asked over the
// channel of its parent and says what each piece of work cost it; nothing but the serving happens here.
import process from "node:process";
import { startBareServer } from "./bare-server.ts";
import { type MeasuredServer, requestSchema, type ServerFigures, taskSchema } from "./measured-server.ts";
import { startStockServer } from "./stock-server.ts";

const [kind, eventsUrl = "", port = "0", first] = process.argv.slice(2);

async function start(): Promise<MeasuredServer> {
  if (kind === "bare") return startBareServer();
  if (kind === "stock") return startStockServer();
  // Not loaded beside the others: their memory would be measured with it.
  const { startLiveServer } = await import("./live-server.ts");
  return startLiveServer(eventsUrl, Number(port));
}

async function figures(server: MeasuredServer, collected: boolean): Promise<ServerFigures> {
  for (let round = 0; collected && round < 3; round += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000, rss: process.memoryUsage.rss(), at: performance.now(), ...server.figures() };
}

const server = await start();
// Before the event loop turns: nobody was let in yet.
if (first !== undefined) await server.perform(taskSchema.parse(JSON.parse(first)));

process.on("message", (message) => {
  const { id, request } = requestSchema.parse(message);
  const answer = async () => {
    if (request.ask === "figures") return figures(server, request.collected);
    if (request.ask === "stop") await server.stop();
    else await server.perform(request);
    return figures(server, false);
  };
  answer().then(
    (value) => process.send?.({ id, value }, () => request.ask === "stop" && process.exit(0)),
    (error: unknown) => process.send?.({ id, problem: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
process.send?.({ url: server.url });
