// A reverse proxy that compresses what it passes on, as many deployments have one. Like zlib by default it holds back
// what does not fill its compressor, and it leaves alone what says `no-transform` (RFC 9111, section 5.2.2.6).
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { createBrotliCompress, createDeflate, createGzip } from "node:zlib";

export interface CompressingProxy extends AsyncDisposable {
  readonly url: string;
}

const COMPRESSORS = { br: createBrotliCompress, gzip: createGzip, deflate: createDeflate } as const;
type Coding = keyof typeof COMPRESSORS;

/** @param target origin that it stands before, e.g. `http://127.0.0.1:4000` */
export async function startCompressingProxy(target: string): Promise<CompressingProxy> {
  const server = createServer((request, response) => {
    const { method, headers } = request;
    const asked = forward(new URL(request.url ?? "/", target), { method, headers }, (answer) => {
      passOn(answer, response, codingFor(request, answer));
    });
    asked.on("error", () => response.destroy());
    response.on("close", () => asked.destroy());
    request.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function codingFor(request: IncomingMessage, { headers }: IncomingMessage): Coding | undefined {
  if (headers["content-encoding"] !== undefined) return undefined;
  if (/(^|,)\s*no-transform\s*(,|$)/i.test(headers["cache-control"] ?? "")) return undefined;
  const accepted = String(request.headers["accept-encoding"] ?? "");
  return (["br", "gzip", "deflate"] as const).find((coding) => new RegExp(`\\b${coding}\\b`).test(accepted));
}

function passOn(answer: IncomingMessage, response: ServerResponse, coding: Coding | undefined): void {
  const { "content-length": length, ...headers } = answer.headers;
  const ignored = (): void => undefined;
  if (coding === undefined) {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    pipeline(answer, response, ignored);
    return;
  }
  response.writeHead(answer.statusCode ?? 502, { ...headers, "content-encoding": coding });
  response.flushHeaders();
  pipeline(answer, COMPRESSORS[coding](), response, ignored);
}
