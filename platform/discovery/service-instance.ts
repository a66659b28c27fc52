/** One process of a service, as it tells of itself, and where in Redis it does. */
import { z } from "zod";

export interface ServiceInstance {
  readonly service: string;
  /** Its own for each life of the process. */
  readonly id: string;
  /** Address without a path. */
  readonly url: string;
  readonly release: string;
  /** When it began, in milliseconds since 1970: of two at one address, the younger one lives. */
  readonly since: number;
}

export const instanceSchema = z.object({
  service: z.string(),
  id: z.string(),
  url: z.url({ protocol: /^https?$/ }),
  release: z.string(),
  since: z.number(),
});

export interface RegistryKeys {
  /** Sorted set: ids of a service's instances by when they were last heard of, in milliseconds since 1970. */
  ids(service: string): string;
  /** An instance as JSON. Lives for as long as its lease. */
  instance(service: string, id: string): string;
  /** Heard when instances changed: the id of one that took itself out, else nothing. */
  readonly channel: string;
}

export function registryKeys(prefix: string): RegistryKeys {
  return {
    ids: (service) => `${prefix}:services:${service}`,
    instance: (service, id) => `${prefix}:services:${service}:${id}`,
    channel: `${prefix}:services`,
  };
}
