// `npm run demo`: the platform's main job against a running installation, through the public API only. Exits 1 when anything
// expected does not arrive in time. `--url` and `--mailbox` name the installation; the defaults are those of `npm start`.
import { parseArgs } from "node:util";
import { describe } from "../support/client/live-client.ts";
import { runDemo } from "./journey.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:4000" },
    mailbox: { type: "string" },
  },
});
const url = values.url.replace(/\/$/, "");

try {
  await runDemo({ url, mailbox: values.mailbox ?? `${url}/mailbox` }, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write("\nThe demo passed.\n");
} catch (error) {
  process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : describe(error)}\n`);
  process.exitCode = 1;
}
