// `npm run demo`: the platform's main job against a running installation, through the public API only. Exits 1 when
// anything expected does not arrive in time. `--url` and `--mailbox` name the installation; the defaults are those of
// `npm start`. `--mail-deadline` says for how many milliseconds a mail is waited for.
import { parseArgs } from "node:util";
import { describe } from "../support/client/live-client.ts";
import { runDemo } from "./journey.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:4000" },
    mailbox: { type: "string" },
    "mail-deadline": { type: "string", default: "10000" },
  },
});
const url = values.url.replace(/\/$/, "");

try {
  const mailbox = values.mailbox ?? `${url}/mailbox`;
  const mailDeadlineMs = Number(values["mail-deadline"]);
  await runDemo({ url, mailbox, mailDeadlineMs }, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write("\nThe demo passed.\n");
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}
