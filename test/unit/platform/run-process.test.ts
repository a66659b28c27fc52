import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../../support/ports.ts";
import { type ProcessOptions, startProcess } from "../../support/process.ts";

const FRAMED = "test/unit/platform/fixtures/framed-process.ts";
const THROWING = ["--import", join(import.meta.dirname, "fixtures/throw-on-signal.ts")];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-run-process-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a signal stops the parts and exits 0", async () => {
  const running = await startProcess({ entry: FRAMED, ready: /^running$/m });
  expect(await running.kill("SIGTERM")).toMatchObject({ code: 0 });
  expect(await running.output()).toContain("part stopped");
});

test.for(["throw", "reject"])("what nobody caught (%s) stops the parts and exits 1", async (fault) => {
  const running = await startProcess({ entry: FRAMED, entryArguments: [fault] });
  expect(await running.exited).toMatchObject({ code: 1 });
  const output = await running.output();
  expect(output).toContain("part stopped");
  expect(output).toMatch(/"level":"fatal".*on purpose/);
});

test("a stop that never ends is bounded, after a fault as after a signal", async () => {
  const [faulted, asked] = await Promise.all([
    startProcess({ entry: FRAMED, entryArguments: ["throw", "stuck"] }),
    startProcess({ entry: FRAMED, entryArguments: ["stuck"], ready: /^running$/m }),
  ]);
  expect(await faulted.exited).toMatchObject({ code: 1 });
  expect(await asked.kill("SIGTERM")).toMatchObject({ code: 1 });
  expect(await asked.output()).toContain("stopping took too long");
});

test("a gateway and a mailbox that threw where nobody caught it exit 1", async () => {
  const [gatewayPort, mailboxPort, smtpPort] = await freePorts(3);
  const entries: (Pick<ProcessOptions, "entry" | "entryArguments" | "env"> & { readonly ready: URL })[] = [
    {
      entry: "gateway/main.ts",
      entryArguments: ["--supergraph", "schema/generated/supergraph.graphql", "--port", String(gatewayPort)],
      ready: new URL(`http://127.0.0.1:${gatewayPort}/live`),
    },
    {
      entry: "platform/mail/mailbox-main.ts",
      env: {
        MAILBOX_PORT: String(mailboxPort),
        MAILBOX_SMTP_PORT: String(smtpPort),
        MAILBOX_DIR: join(folder, "mailbox"),
      },
      ready: new URL(`http://127.0.0.1:${mailboxPort}/mailbox`),
    },
  ];
  await Promise.all(
    entries.map(async (entry) => {
      const running = await startProcess({ ...entry, nodeArguments: THROWING });
      expect(await running.kill("SIGUSR2"), entry.entry).toMatchObject({ code: 1 });
      expect(await running.output()).toMatch(/"level":"fatal".*thrown on purpose/);
    }),
  );
});
