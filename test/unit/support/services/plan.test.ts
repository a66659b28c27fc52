import { expect, test } from "vitest";
import { type Facts, planService, SERVICE_NAMES, SERVICE_VARIABLES } from "../../../support/services/plan.ts";

const NOTHING: Facts = {
  env: {},
  postgresBinaries: false,
  redisServer: false,
  chromium: undefined,
  java: false,
  kafkaJars: false,
  maven: false,
  docker: false,
  canInstall: false,
};
const EVERYTHING: Facts = {
  env: {},
  postgresBinaries: true,
  redisServer: true,
  chromium: "/usr/bin/chromium",
  java: true,
  kafkaJars: true,
  maven: true,
  docker: true,
  canInstall: true,
};

test.each(SERVICE_NAMES)("an address of %s in the environment goes before everything else", (service) => {
  const env = { [SERVICE_VARIABLES[service]]: "somewhere" };
  expect(planService(service, { ...EVERYTHING, env })).toEqual({ from: "environment", address: "somewhere" });
});

test.each(SERVICE_NAMES)("an empty address of %s counts as none", (service) => {
  expect(planService(service, { ...EVERYTHING, env: { [SERVICE_VARIABLES[service]]: "" } })).toEqual({ from: "local" });
});

test.each(SERVICE_NAMES)("a local %s goes before Docker and installing", (service) => {
  expect(planService(service, EVERYTHING)).toEqual({ from: "local" });
});

test.each(["postgres", "redis", "kafka"] as const)("Docker goes before installing %s", (service) => {
  expect(planService(service, { ...NOTHING, docker: true, canInstall: true })).toEqual({ from: "docker" });
});

test("a browser is installed even where Docker answers", () => {
  const plan = planService("chromium", { ...NOTHING, docker: true, canInstall: true });
  expect(plan).toEqual({ from: "install", packages: ["chromium"] });
});

test("Kafka needs Java, and Maven only while its jars are not there", () => {
  expect(planService("kafka", { ...NOTHING, java: true, kafkaJars: true })).toEqual({ from: "local" });
  expect(planService("kafka", { ...NOTHING, java: true, maven: true })).toEqual({ from: "local" });
  expect(planService("kafka", { ...NOTHING, java: true, canInstall: true })).toEqual({
    from: "install",
    packages: ["maven"],
  });
  expect(planService("kafka", { ...NOTHING, kafkaJars: true, canInstall: true })).toEqual({
    from: "install",
    packages: [expect.arrayContaining(["openjdk-17-jre-headless"])],
  });
});

test("Postgres binaries are no Debian package: without them and Docker it comes from nowhere", () => {
  expect(planService("postgres", { ...NOTHING, canInstall: true })).toMatchObject({ from: "nowhere" });
});

test.each(SERVICE_NAMES)("a missing %s is one line that says what to install and which variable to set", (service) => {
  const plan = planService(service, NOTHING);
  if (plan.from !== "nowhere") throw new Error(`planned from ${plan.from}`);
  expect(plan.reason).toMatch(
    new RegExp(`^${service}: (install|run "npm ci").*, or set ${SERVICE_VARIABLES[service]}$`),
  );
  expect(plan.reason).not.toContain("\n");
});
