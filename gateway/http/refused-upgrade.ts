/** How a connection that wanted to be a socket is turned away: with a whole HTTP answer, and then it is gone. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** @param retryAfterSeconds when it may be tried again; absent: nobody says */
export function refuseUpgrade(socket: Duplex, status: 403 | 404 | 503, retryAfterSeconds?: number): void {
  const retry = retryAfterSeconds === undefined ? "" : `Retry-After: ${retryAfterSeconds}\r\n`;
  // Node lets the other side stay: it could hold the connection half open for good.
  socket.once("finish", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`);
}
