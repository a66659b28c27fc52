import type { FastifyInstance } from "fastify";

export interface PagesOptions {
  readonly introspection: boolean;
  readonly webClient: string | undefined;
}
export interface Pages {
  readonly landing: string | undefined;
  readonly landingHeaders: Readonly<Record<string, string>>;
}
export async function registerPages(_server: FastifyInstance, _options: PagesOptions): Promise<Pages> {
  return { landing: undefined, landingHeaders: {} };
}
