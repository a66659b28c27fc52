// The two tiers of the test suite: every test in its short version, and the long versions of some.
// A size that differs between them stands here, so that both commands can say what they left out.

export interface Tier {
  readonly name: "short" | "long";
  readonly command: string;
  /** How long the whole tier may take on two processors, in minutes. */
  readonly limitMinutes: number;
}

export const TIERS = {
  short: { name: "short", command: "npm test", limitMinutes: 15 },
  long: { name: "long", command: "npm run test:long", limitMinutes: 120 },
} as const satisfies Record<string, Tier>;

const VARIABLE = "TEST_TIER";

/** Chosen by the command; the workers inherit it. */
export function chooseTier(name: Tier["name"]): Tier {
  process.env[VARIABLE] = name;
  return TIERS[name];
}

export interface Size {
  /** The test file, below test/. */
  readonly file: string;
  /** What is counted, as it reads behind the number. */
  readonly of: string;
  readonly short: number;
  readonly long: number;
}

export const SIZES = {
  brokerOutageMs: { file: "conformance/broker-away.test.ts", of: "ms without Kafka", short: 10_000, long: 60_000 },
  databaseOutageMs: {
    file: "conformance/database-away.test.ts",
    of: "ms without Postgres",
    short: 10_000,
    long: 60_000,
  },
  /** In steps of twenty. */
  churnEvents: {
    file: "conformance/consumer-churn.test.ts",
    of: "events while a consumer comes and goes",
    short: 400,
    long: 5_000,
  },
  firstStarts: {
    file: "integration/events/first-start.test.ts",
    of: "first starts on an empty Kafka",
    short: 2,
    long: 25,
  },
  relayKills: {
    file: "conformance/committed-equals-delivered.test.ts",
    of: "kills of the process that relays events",
    short: 5,
    long: 50,
  },
  randomKills: {
    file: "conformance/random-kills.test.ts",
    of: "random kills of processes and connections",
    short: 8,
    long: 1_000,
  },
  sagaRegistrations: {
    file: "conformance/saga-kills.test.ts",
    of: "registrations with an organisation and a plan while processes are killed",
    short: 12,
    long: 500,
  },
  previewedChanges: {
    file: "integration/subgraphs/billing/previews.test.ts",
    of: "random changes of plans that cost what their previews said",
    short: 120,
    long: 5_000,
  },
  modelledLives: {
    file: "integration/subgraphs/billing/ledger-model.test.ts",
    of: "random lives of accounts whose books agree after each step",
    short: 12,
    long: 400,
  },
  webhookRounds: {
    file: "integration/subgraphs/billing/provider-events.test.ts",
    of: "payments whose webhooks come shuffled, doubled and too early",
    short: 24,
    long: 1_000,
  },
  jobRenewals: {
    file: "conformance/jobs.test.ts",
    of: "renewals while the process that renews is killed three times",
    short: 400,
    long: 10_000,
  },
  soakMinutes: {
    file: "conformance/soak.test.ts",
    of: "minutes of traffic with kills, broker restarts and poison",
    short: 1,
    long: 5,
  },
  liveSchedules: {
    file: "integration/gateway/live/schedules.test.ts",
    of: "random schedules over Postgres, and 0.4 times as many over Kafka",
    short: 40,
    long: 400,
  },
  cacheSchedules: {
    file: "integration/platform/cache/layered-cache-schedules.test.ts",
    of: "random schedules per kind of eviction",
    short: 8,
    long: 150,
  },
  hostileCalls: {
    file: "conformance/hostile-input.test.ts",
    of: "calls with arbitrary arguments, and a quarter as many arbitrary requests",
    short: 400,
    long: 20_000,
  },
  /** By ten owners; with both caches there are a thousand in each tier. */
  entityCacheWrites: {
    file: "integration/gateway/cache/command-reads.test.ts",
    of: "writes that are read at once, with the entity cache alone",
    short: 200,
    long: 1_000,
  },
  coherenceWrites: {
    file: "integration/gateway/cache/coherence.test.ts",
    of: "writes per tenant while both gateways are read",
    short: 40,
    long: 1_000,
  },
} as const satisfies Record<string, Size>;

/** How much a test does in the tier that runs. */
export function sizeOf(name: keyof typeof SIZES): number {
  return SIZES[name][process.env[VARIABLE] === "long" ? "long" : "short"];
}

const LONG_ONLY = /\.long\.test\.tsx?$/;

/**
 * Whether a test file belongs to a tier: `*.long.test.ts` to the long one, a file with a size to both, others to the
 * short one.
 * @param file its path, with slashes
 */
export function belongsTo({ name }: Tier, file: string): boolean {
  if (LONG_ONLY.test(file)) return name === "long";
  return name === "short" || sizesOf(file).length > 0;
}

/** The sizes of a test file. */
export function sizesOf(file: string): readonly Size[] {
  return Object.values(SIZES).filter((size) => file.endsWith(`test/${size.file}`));
}
