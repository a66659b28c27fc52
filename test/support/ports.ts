// Free TCP ports on the loopback address. A port is only known to have been free a moment ago: whoever listens on it
// must be ready to try another.
import { holdPort } from "../../prisma/free-port.ts";

export { freePort } from "../../prisma/free-port.ts";

/** `count` different free ports: all are held open until the last one is known, so that none is handed out twice. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, holdPort));
  await Promise.all(held.map(({ release }) => release()));
  return held.map(({ port }) => port);
}
