/**
 * Addresses of a service to be tried in order, for clients that make few calls: the registry's, else those of the
 * settings.
 */
import type { ServiceDirectory } from "./service-directory.ts";

/** Without a path; another one first each time. */
export type ServiceAddresses = () => readonly string[];

export function createServiceAddresses(
  service: string,
  given: readonly string[],
  directory: ServiceDirectory | undefined,
): ServiceAddresses {
  let addresses = given;
  let turn = 0;
  directory?.onChange((changed, instances) => {
    if (changed === service) addresses = instances.length > 0 ? instances.map(({ url }) => url) : given;
  });
  return () => {
    turn = (turn + 1) % addresses.length;
    return [...addresses.slice(turn), ...addresses.slice(0, turn)];
  };
}
