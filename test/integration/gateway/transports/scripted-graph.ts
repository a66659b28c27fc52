// A federated graph whose subgraphs answer what a test says, letter by letter, over real HTTP.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

export interface ScriptedSubgraph {
  /** Without the federation link. */
  readonly sdl: string;
  /** @returns the body of the answer; the status is 200 */
  answer(request: string): string;
}

export interface ScriptedGraph extends AsyncDisposable {
  readonly supergraphSdl: string;
  /** Bodies that the subgraphs were sent, in order. */
  readonly requests: string[];
}

const LINK = `extend schema @link(
  url: "https://specs.apollo.dev/federation/v2.9",
  import: ["@key", "@shareable", "@external", "@requires", "@listSize", "@composeDirective"]
)`;

/** @param live SDL of live subgraphs by name, with all their links: the gateway answers those itself */
export async function startScriptedGraph(
  subgraphs: Readonly<Record<string, ScriptedSubgraph>>,
  live: Readonly<Record<string, string>> = {},
): Promise<ScriptedGraph> {
  const requests: string[] = [];
  const servers = await Promise.all(Object.entries(subgraphs).map(([name, subgraph]) => serve(name, subgraph)));

  async function serve(name: string, { sdl, answer }: ScriptedSubgraph) {
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => {
        body += chunk;
      });
      request.on("end", () => {
        requests.push(body);
        response.writeHead(200, { "content-type": "application/json" }).end(answer(body));
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
    async [Symbol.asyncDispose]() {
      for (const { server } of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
