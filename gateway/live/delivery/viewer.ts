/** Who subscribes. The identity changes while the subscription runs: grants come and go. */
import type { ClientFacts, Identity } from "../../../platform/auth/identity.ts";

export interface Viewer {
  readonly identity: () => Identity;
  readonly client: ClientFacts;
}
