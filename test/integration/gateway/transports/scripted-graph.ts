// A federated graph whose subgraphs answer what a test says, letter by letter, over real HTTP.
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

/** The body of an answer of status 200, or one with a status and headers of its own. */
export type ScriptedAnswer =
  | string
  | { readonly body: string | Buffer; readonly status?: number; readonly headers?: OutgoingHttpHeaders };

export interface ScriptedSubgraph {
  /** Without the federation link. */
  readonly sdl: string;
  /** @param request its body */
  answer(request: string, headers: IncomingHttpHeaders): ScriptedAnswer;
}

export interface ScriptedGraph extends AsyncDisposable {
  readonly supergraphSdl: string;
  /** Bodies that the subgraphs were sent, in order. */
  readonly requests: string[];
  /** The same by subgraph. */
  readonly requestsOf: Readonly<Record<string, string[]>>;
}

const LINK = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@shareable", "@external", "@requires", "@provides", "@interfaceObject", "@listSize", "@cost", "@composeDirective"]
)`;

/** @param live SDL of live subgraphs by name, with all their links: the gateway answers those itself */
export async function startScriptedGraph(
  subgraphs: Readonly<Record<string, ScriptedSubgraph>>,
  live: Readonly<Record<string, string>> = {},
): Promise<ScriptedGraph> {
  const requests: string[] = [];
  const requestsOf: Record<string, string[]> = {};
  const servers = await Promise.all(Object.entries(subgraphs).map(([name, subgraph]) => serve(name, subgraph)));

  async function serve(name: string, { sdl, answer }: ScriptedSubgraph) {
    const own: string[] = [];
    requestsOf[name] = own;
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => {
        requests.push(body);
        own.push(body);
        const given = answer(body, request.headers);
        const scripted = typeof given === "string" ? { body: given } : given;
        response
          .writeHead(scripted.status ?? 200, scripted.headers ?? { "content-type": "application/json" })
          .end(scripted.body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return { server, service: { name, url: `http://127.0.0.1:${port}/graphql`, typeDefs: parse(`${LINK}\n${sdl}`) } };
  }

  const virtual = Object.entries(live).map(([name, sdl]) => ({ name, url: "", typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices([...servers.map(({ service }) => service), ...virtual]);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  return {
    supergraphSdl,
    requests,
    requestsOf,
    async [Symbol.asyncDispose]() {
      for (const { server } of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
