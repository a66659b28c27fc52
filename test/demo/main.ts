// `npm run demo`: the platform's main job against a running installation, through the public API only. Exits 1 when
// anything expected does not arrive in time, 2 when the arguments are wrong.
import { parseArgs } from "node:util";
import { describe } from "../support/client/live-client.ts";
import { runDemo } from "./journey.ts";

const USAGE = `Usage: npm run demo -- [OPTION …]

Registers two people, gives them an organisation with a paid plan, and follows every change live.

  --url ADDRESS          the gateway; default http://127.0.0.1:4000, where npm start listens
  --mailbox ADDRESS      where its mails can be read; default ADDRESS/mailbox of the gateway
  --mail-deadline MS     how long a mail is waited for, in milliseconds; default 10000
  --help                 this text
`;

const OPTIONS = {
  url: { type: "string", default: "http://127.0.0.1:4000" },
  mailbox: { type: "string" },
  "mail-deadline": { type: "string", default: "10000" },
  help: { type: "boolean", short: "h" },
} as const;

async function main(): Promise<number> {
  const values = readArguments();
  if (values === undefined) return 2;
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const url = values.url.replace(/\/$/, "");
  try {
    const mailbox = values.mailbox ?? `${url}/mailbox`;
    const mailDeadlineMs = Number(values["mail-deadline"]);
    await runDemo({ url, mailbox, mailDeadlineMs }, (line) => process.stdout.write(`${line}\n`));
    process.stdout.write("\nThe demo passed.\n");
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : describe(error)}\n`);
    return 1;
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({ options: OPTIONS, strict: true });
    if (/^[1-9][0-9]*$/.test(values["mail-deadline"])) return values;
    throw new Error("--mail-deadline takes a number of milliseconds");
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

process.exitCode = await main();
