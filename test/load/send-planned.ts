// One request of a load: sent, its answer judged, and the outcome noted.
import type { LoadClient } from "./http-client.ts";
import type { FailureKind, OperationLog } from "./operation-log.ts";
import type { PlannedRequest } from "./operations.ts";
import type { Tenant } from "./population.ts";

/** Never rejects. @param due a time of `performance.now()`, from which the latency counts */
export async function sendPlanned(
  client: LoadClient,
  tenant: Tenant,
  planned: PlannedRequest,
  due: number,
  log: OperationLog,
): Promise<void> {
  let failure: FailureKind = "connection";
  try {
    const { status, text } = await client.post(tenant.member.accessToken, planned.body);
    const latencyMs = performance.now() - due;
    failure = "status";
    if (status < 200 || status > 299) throw new Error(`HTTP ${status}: ${text.slice(0, 200)}`);
    failure = "answer";
    const { data, errors } = JSON.parse(text);
    if (errors !== undefined) throw new Error(JSON.stringify(errors).slice(0, 300));
    planned.accept(data);
    log.succeeded(planned, latencyMs);
  } catch (error) {
    log.failed(planned, error, failure);
  } finally {
    planned.done?.();
  }
}
