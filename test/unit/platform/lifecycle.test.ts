import { pino } from "pino";
import { expect, test } from "vitest";
import { createLifecycle } from "../../../platform/lifecycle/lifecycle.ts";

const logger = pino({ level: "silent" });

function recorded(failing?: string) {
  const steps: string[] = [];
  const lifecycle = createLifecycle(logger);
  for (const name of ["database", "relay", "http"]) {
    lifecycle.add({
      name,
      async start() {
        steps.push(`start ${name}`);
        if (name === failing) throw new Error(`${name} is broken`);
      },
      async stop() {
        steps.push(`stop ${name}`);
      },
    });
  }
  return { lifecycle, steps };
}

test("parts start in order and stop in reverse, each once, however often it is asked", async () => {
  const { lifecycle, steps } = recorded();
  await Promise.all([lifecycle.start(), lifecycle.start()]);
  expect(lifecycle.phase).toBe("running");
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  expect(steps).toEqual(["start database", "start relay", "start http", "stop http", "stop relay", "stop database"]);
  expect(lifecycle.phase).toBe("stopped");
});

test("a failed start stops what was started, the failed part included", async () => {
  const { lifecycle, steps } = recorded("relay");
  await expect(lifecycle.start()).rejects.toThrow("relay is broken");
  expect(steps).toEqual(["start database", "start relay", "stop relay", "stop database"]);
});

test("a stop during the start ends it between two parts", async () => {
  const { lifecycle, steps } = recorded();
  const starting = lifecycle.start();
  await lifecycle.stop();
  await starting;
  expect(steps.filter((step) => step.startsWith("start")).length).toBe(
    steps.filter((step) => step.startsWith("stop")).length,
  );
  expect(lifecycle.phase).toBe("stopped");
});

test("what others wait for is left when the stop begins, before any part has its turn", async () => {
  const steps: string[] = [];
  const lifecycle = createLifecycle(logger);
  for (const name of ["group", "http"]) {
    lifecycle.add({
      name,
      leave: () => void steps.push(`leave ${name}`),
      stop: async () => void steps.push(`stop ${name}`),
    });
  }
  await lifecycle.start();
  await lifecycle.stop();
  expect(steps).toEqual(["leave group", "leave http", "stop http", "stop group"]);
});
