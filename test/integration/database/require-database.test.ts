// A database that cuts connections while a process starts, as one that fails over does, does not end the process.
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { requireDatabase } from "../../../platform/database/require-database.ts";
import { serviceAddress } from "../../support/services/service-addresses.ts";

const SETTING = "SHOP_DATABASE_URL";
/** Every database has it. */
const TABLE = "pg_class";

/** Postgres behind a port that cuts its first connections: each as soon as it has sent, or been sent, so many bytes. */
async function behindCuts(cuts: readonly { readonly side: "client" | "server"; readonly bytes: number }[]) {
  const target = new URL(serviceAddress("postgres"));
  const asked: number[] = [];
  const server = createServer((client) => {
    const cut = cuts[asked.length];
    asked.push(performance.now());
    const postgres = connect(Number(target.port), target.hostname);
    const end = () => {
      client.resetAndDestroy();
      postgres.destroy();
    };
    client.on("error", end);
    postgres.on("error", end);
    const pass = (from: Socket, to: Socket, isCut: boolean) => {
      let passed = 0;
      from.on("data", (chunk) => {
        passed += chunk.length;
        if (isCut && passed > (cut?.bytes ?? 0)) end();
        else to.write(chunk);
      });
      from.on("end", () => to.end());
    };
    pass(client, postgres, cut?.side === "client");
    pass(postgres, client, cut?.side === "server");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const url = new URL(target);
  url.port = String(typeof address === "object" ? address?.port : "");
  return { url: url.href, asked };
}

test("connections that are cut before, during and after the login are made anew [S54]", async () => {
  const cuts = [
    { side: "client", bytes: 0 },
    { side: "server", bytes: 10 },
    { side: "server", bytes: 400 },
  ] as const;
  const { url, asked } = await behindCuts(cuts);
  await requireDatabase({ setting: SETTING, url, table: TABLE });
  expect(asked).toHaveLength(cuts.length + 1);
});

test("what no second attempt would mend is told at once", async () => {
  const { url, asked } = await behindCuts([]);
  const refused = requireDatabase({ setting: SETTING, url, table: "no_such_table" });
  await expect(refused).rejects.toThrow(`run npm run db:migrate, or correct ${SETTING}`);
  expect(asked).toHaveLength(1);
});
