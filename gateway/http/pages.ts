/** The pages for people: the explorers of the API and the web client. */
import type { FastifyInstance } from "fastify";
import { registerGraphiQL } from "./graphiql-page.ts";
import { sandboxPage } from "./sandbox-page.ts";
import { registerWebClient } from "./web-client-routes.ts";

export interface PagesOptions {
  /** Explorers are of no use without it. */
  readonly introspection: boolean;
  /** Operations that the explorers start with. */
  readonly examples: string;
  readonly webClient: string | undefined;
}

export interface Pages {
  /** What browsers get at `/graphql`. */
  readonly landing: string | undefined;
  readonly landingHeaders: Readonly<Record<string, string>>;
}

export async function registerPages(server: FastifyInstance, options: PagesOptions): Promise<Pages> {
  if (options.webClient === undefined) {
    if (options.introspection) server.get("/", (_request, reply) => reply.redirect("/graphql"));
  } else {
    await registerWebClient(server, options.webClient);
  }
  if (!options.introspection) return { landing: undefined, landingHeaders: {} };
  registerGraphiQL(server, options.examples);
  const { html, headers } = sandboxPage(options.examples);
  return { landing: html, landingHeaders: headers };
}
