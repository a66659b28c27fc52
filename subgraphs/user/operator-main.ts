/**
 * `npm run operator -- <command> <id> --reason "…" [--by NAME]`: what only those who run the platform may do, from its
 * command line. Works beside the running platform, which learns of it by event. Exits 0 when it is so (also when it was
 * so already), 1 when the command was refused, 2 when it could not be tried; every failure is one line that begins with
 * a code.
 */
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { systemClock } from "../../platform/clock.ts";
import { findAppError } from "../../platform/errors/app-error.ts";
import { UserFailure } from "../../platform/errors/user-failure.ts";
import { loadEventContracts } from "../../platform/events/contracts.ts";
import { outboxOf } from "../../platform/graphql/subgraph-outbox.ts";
import { createIdSource } from "../../platform/ids.ts";
import { newTrace } from "../../platform/tracing/trace-context.ts";
import { reinstateUser } from "./commands/accounts/reinstate-user.ts";
import { suspendUser } from "./commands/accounts/suspend-user.ts";
import { changeOrganizationStatus } from "./commands/organizations/change-organization-status.ts";
import type { ChangedStatus, SuspensionInput } from "./operator/change-status.ts";
import { findUserDatabase } from "./operator/operator-database.ts";
import { OPERATOR_SERVICE } from "./policies.ts";
import type { Operator, OperatorServices } from "./services.ts";
import { openUserDatabase } from "./store/database.ts";
import { NAME } from "./subgraph-name.ts";

type Command = (services: OperatorServices, operator: Operator, input: SuspensionInput) => Promise<ChangedStatus>;

interface Offered {
  readonly run: Command;
  /** What to say of a change, and of none. */
  readonly says: readonly [changed: string, unchanged: string];
}

const SUSPENDS: Offered["says"] = ["suspended", "was suspended already, nothing was changed"];
const REINSTATES: Offered["says"] = ["reinstated", "was not suspended, nothing was changed"];

const COMMANDS: Readonly<Record<string, Offered>> = {
  "suspend-user": { run: suspendUser, says: SUSPENDS },
  "reinstate-user": { run: reinstateUser, says: REINSTATES },
  "suspend-organization": {
    run: (services, operator, input) => changeOrganizationStatus(services, operator, { ...input, status: "SUSPENDED" }),
    says: SUSPENDS,
  },
  "reinstate-organization": {
    run: (services, operator, input) => changeOrganizationStatus(services, operator, { ...input, status: "ACTIVE" }),
    says: REINSTATES,
  },
};

const USAGE = `Usage: npm run operator -- <${Object.keys(COMMANDS).join("|")}> <id> --reason "…" [--by NAME]`;
const OPERATOR_NAME = /^[A-Za-z0-9._@-]{1,64}$/;

class BadArguments extends Error {}

interface Request {
  readonly command: Offered;
  readonly input: SuspensionInput;
  /** Who works on the command line; the audit trail names them. */
  readonly by: string;
}

/** @throws BadArguments */
function readRequest(words: readonly string[]): Request {
  const { positionals, values } = parse(words);
  const [name = "", id, ...rest] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new BadArguments(name === "" ? "which command?" : `there is no command ${name}`);
  if (id === undefined || rest.length > 0) throw new BadArguments(`${name} takes one id`);
  if (values.reason === undefined) throw new BadArguments("say why, with --reason");
  const by = values.by ?? userInfo().username;
  if (!OPERATOR_NAME.test(by)) throw new BadArguments("--by takes 1 to 64 letters, digits and . _ @ -");
  return { command, input: { id, reason: values.reason }, by };
}

function parse(words: readonly string[]) {
  try {
    const options = { reason: { type: "string" }, by: { type: "string" } } as const;
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new BadArguments(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const { command, input, by } = readRequest(process.argv.slice(2));
  const database = openUserDatabase("user database", await findUserDatabase(process.env), 1);
  try {
    const contracts = await loadEventContracts(fileURLToPath(new URL("../../schema/events", import.meta.url)));
    const services: OperatorServices = {
      database,
      outbox: outboxOf(NAME, { contracts, clock: systemClock, ids: createIdSource(systemClock) }),
      clock: systemClock,
    };
    const operator: Operator = {
      identity: { kind: "SERVICE", service: OPERATOR_SERVICE },
      causation: {
        actorKind: "SERVICE",
        actorId: `${OPERATOR_SERVICE}:${by}`,
        correlationId: newTrace().traceId,
        hop: 0,
      },
    };
    const { result } = await command.run(services, operator, input);
    const [changed, unchanged] = command.says;
    process.stdout.write(`${input.id}: ${result.changed ? changed : unchanged}\n`);
  } finally {
    await database.part.stop?.();
  }
}

function fail(error: unknown): number {
  if (error instanceof BadArguments) {
    process.stderr.write(`BAD_ARGUMENTS: ${error.message}\n${USAGE}\n`);
    return 2;
  }
  if (error instanceof UserFailure) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  const code = findAppError(error)?.code ?? "INTERNAL_SERVER_ERROR";
  process.stderr.write(`${code}: ${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
}

try {
  await main();
} catch (error) {
  process.exitCode = fail(error);
}
