import { useSyncExternalStore } from "react";
import { useServices } from "../app/services-context.ts";
import type { LiveStatus } from "./live-client.ts";

export function useLiveStatus(): LiveStatus {
  const { live } = useServices();
  return useSyncExternalStore(live.onStatus, live.status);
}
