// Subgraphs that answer exactly the bytes that a test says, served over real HTTP.
import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

/** The bytes of an answer, or with a status and headers of its own. */
export type RawAnswer =
  | string
  | Buffer
  | { readonly body: string | Buffer; readonly status?: number; readonly headers?: OutgoingHttpHeaders };

export interface RawSubgraph {
  readonly sdl: string;
  /** @param body of the request, as text */
  answer(body: string): RawAnswer;
}

export interface RawSubgraphs extends AsyncDisposable {
  readonly supergraphSdl: string;
  /** Bodies that each was sent, as text, oldest first. */
  readonly sent: Readonly<Record<string, string[]>>;
}

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@shareable", "@external", "@requires", "@provides"])`;
const JSON_TYPE = { "content-type": "application/json" };

/** @param subgraphs by name; their SDL is given federation's directives */
export async function startRawSubgraphs(subgraphs: Readonly<Record<string, RawSubgraph>>): Promise<RawSubgraphs> {
  const sent: Record<string, string[]> = {};
  const served = await Promise.all(
    Object.entries(subgraphs).map(async ([name, { sdl, answer }]) => {
      const bodies: string[] = [];
      sent[name] = bodies;
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        const body = Buffer.concat(chunks).toString("utf8");
        bodies.push(body);
        const given = answer(body);
        const raw = typeof given === "string" || Buffer.isBuffer(given) ? { body: given } : given;
        response.writeHead(raw.status ?? 200, raw.headers ?? JSON_TYPE).end(raw.body);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      return { server, service: { name, url: `http://127.0.0.1:${port}/graphql`, typeDefs: parse(`${LINK}\n${sdl}`) } };
    }),
  );
  const { supergraphSdl, errors } = composeServices(served.map(({ service }) => service));
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return {
    supergraphSdl,
    sent,
    async [Symbol.asyncDispose]() {
      for (const { server } of served) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
