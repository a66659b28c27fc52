import { z } from "zod";

const created = z.object({ organizationId: z.string() });

export const TOPICS = ["user.events"] as const;

export function organizationOf(data: unknown): string {
  return created.parse(data).organizationId;
}
