/** Addresses of a service to be tried in order, for clients that make few calls: the registry's, else those of the settings. */
import type { ServiceDirectory } from "./service-directory.ts";

/** Without a path; another one first each time. */
export type ServiceAddresses = () => readonly string[];

export function createServiceAddresses(
  service: string,
  given: readonly string[],
  directory: ServiceDirectory | undefined,
): ServiceAddresses {
  let known = given;
  let turn = 0;
  directory?.onChange((changed, instances) => {
    if (changed === service) known = instances.length > 0 ? instances.map(({ url }) => url) : given;
  });
  return () => {
    turn = (turn + 1) % known.length;
    return [...known.slice(turn), ...known.slice(0, turn)];
  };
}
