/** `POST /internal/denials`: the gateway tells of a refusal that it made in the subgraph's stead. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { OrganizationId } from "../auth/principal-ids.ts";
import { AppError } from "../errors/app-error.ts";
import { singleHeaders } from "../http/single-headers.ts";
import type { SubgraphEndpoint } from "./subgraph-endpoint.ts";

export const DENIALS_PATH = "/internal/denials";

const bodySchema = z.object({ organizationId: OrganizationId.schema, permission: z.string().min(1).max(100) });

export function registerDenials(server: FastifyInstance, endpoint: Pick<SubgraphEndpoint, "takeDenial">): void {
  server.post(DENIALS_PATH, async (request, reply) => {
    const body = bodySchema.safeParse(request.body);
    if (!body.success) {
      throw new AppError("BAD_REQUEST", "Send a JSON object with `organizationId` and `permission`.");
    }
    await endpoint.takeDenial(singleHeaders(request.headers), body.data);
    return reply.status(204).send();
  });
}
