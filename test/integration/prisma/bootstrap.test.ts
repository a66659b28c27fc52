import { afterAll, beforeAll, expect, test } from "vitest";
import { bootstrapDatabase } from "../../../prisma/bootstrap.ts";
import { type PostgresServer, startPostgres } from "../../support/services/postgres.ts";
import { inDatabase, withClient } from "./as-role.ts";

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(() => server.stop());

function loginUrl(name: string, password: string, database: string): string {
  const url = new URL(inDatabase(server.adminUrl, encodeURIComponent(database)));
  url.username = encodeURIComponent(name);
  url.password = encodeURIComponent(password);
  return url.href;
}

test("several processes may prepare one database at once, again and again", async () => {
  const options = {
    adminUrl: server.adminUrl,
    database: "shared",
    owner: { name: "shared_owner", password: "a" },
    logins: [{ name: "shared_app", password: "b" }],
  };
  await Promise.all([1, 2, 3, 4].map(() => bootstrapDatabase(options)));
  await bootstrapDatabase({ ...options, logins: [{ name: "shared_app", password: "changed" }] });
  const who = await withClient(loginUrl("shared_app", "changed", "shared"), (client) =>
    client.query("SELECT current_user"),
  );
  expect(who.rows).toEqual([{ current_user: "shared_app" }]);
});

test("names and passwords are data, whatever they contain", async () => {
  const app = { name: 'odd"name; --', password: "it's; \\ --" };
  await bootstrapDatabase({
    adminUrl: server.adminUrl,
    database: 'odd"base',
    owner: { name: 'odd"owner', password: "x" },
    logins: [app],
  });
  const who = await withClient(loginUrl(app.name, app.password, 'odd"base'), (client) =>
    client.query("SELECT current_user"),
  );
  expect(who.rows).toEqual([{ current_user: app.name }]);
});

test("a login of one database cannot enter another, nor create anything", async () => {
  for (const name of ["left", "right"]) {
    await bootstrapDatabase({
      adminUrl: server.adminUrl,
      database: name,
      owner: { name: `${name}_owner`, password: "pw" },
      logins: [{ name: `${name}_app`, password: "pw" }],
    });
  }
  await expect(withClient(loginUrl("left_app", "pw", "right"), async () => undefined)).rejects.toThrow(
    "permission denied",
  );
  await withClient(loginUrl("left_app", "pw", "left"), async (client) => {
    await expect(client.query("CREATE TABLE t (n int)")).rejects.toThrow("permission denied");
    await expect(client.query("CREATE TEMPORARY TABLE t (n int)")).rejects.toThrow("permission denied");
    await expect(client.query("CREATE DATABASE other")).rejects.toThrow("permission denied");
  });
});

test("an unreachable server is named, its password is not", async () => {
  const gone = bootstrapDatabase({
    adminUrl: "postgresql://admin:hidden@127.0.0.1:1/postgres",
    database: "d",
    owner: { name: "o", password: "p" },
    logins: [],
  });
  const error = await gone.catch((cause: unknown) => String(cause));
  expect(error).toContain("127.0.0.1:1");
  expect(error).not.toContain("hidden");
});
