// A Redis for the tests of one file, to do with as they like: started before them, gone after them.
import { afterAll, beforeAll } from "vitest";
import { type RedisServer, startRedis } from "./redis.ts";

/** Not there before the file's hooks run. */
export function redisOfFile(): Pick<RedisServer, "url" | "port"> {
  let server: RedisServer | undefined;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  function started(): RedisServer {
    if (server === undefined) throw new Error("no server yet: a hook starts it");
    return server;
  }
  return {
    get url() {
      return started().url;
    },
    get port() {
      return started().port;
    },
  };
}
