/**
 * Picks an instance of a subgraph: the one with the fewest calls in flight, in turn among equals. Instances whose
 * breaker is open are left out; one that is due for a trial gets it. Instances come and go while calls run.
 */
import type { CallPolicy } from "./call-policy.ts";
import { createInstance, type Instance, type InstanceAddress } from "./instance.ts";

export interface Balancer {
  readonly instances: readonly Instance[];
  /**
   * @param mayTry should the call try out an instance that is due for it, though there are others? One that may be
   * repeated, the first time
   * @returns `undefined`: none may be called now
   */
  pick(mayTry: boolean, tried?: ReadonlySet<Instance>): Instance | undefined;
  /** Can any but this one be called, and not for a trial only? */
  hasOther(than: Instance): boolean;
  /** Those that stay keep what is known about them. @returns those that are gone */
  replace(addresses: readonly InstanceAddress[]): readonly Instance[];
}

export function createBalancer(policy: CallPolicy, now: () => number): Balancer {
  let instances: readonly Instance[] = [];
  let turn = 0;

  return {
    get instances() {
      return instances;
    },
    pick(mayTry, tried) {
      const count = instances.length;
      turn = turn + 1 < count ? turn + 1 : 0;
      let best: Instance | undefined;
      let onTrial: Instance | undefined;
      for (let offset = 0; offset < count; offset += 1) {
        const index = turn + offset;
        const instance = instances[index < count ? index : index - count];
        if (instance === undefined || tried?.has(instance) === true) continue;
        const readiness = instance.breaker.readiness();
        if (readiness === "usable") {
          if (best === undefined || instance.inFlight < best.inFlight) best = instance;
        } else if (readiness === "trial") {
          if (mayTry) return instance;
          onTrial ??= instance;
        }
      }
      return best ?? onTrial;
    },
    hasOther: (than) => instances.some((instance) => instance !== than && instance.breaker.readiness() === "usable"),
    replace(addresses) {
      const before = instances;
      instances = addresses.map(
        (address) =>
          before.find(({ id, url }) => id === address.id && url.href === address.url.href) ??
          createInstance(address, policy, now),
      );
      return before.filter((instance) => !instances.includes(instance));
    },
  };
}
