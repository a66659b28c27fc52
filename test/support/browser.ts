// A Chromium with a fresh profile: windows of one browser share a session, as a user's do.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { serviceAddress } from "./services/service-addresses.ts";

const QUIET = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const RESULTS = "test-results";

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
  /** What pages complained about: uncaught errors, refused scripts and styles. */
  readonly complaints: readonly string[];
  newWindow(): Promise<Page>;
}

/** @param baseUrl what relative addresses are relative to */
export async function startBrowser(baseUrl: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "tributary-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: serviceAddress("chromium"),
    args: QUIET,
    baseURL: baseUrl,
    locale: "en-GB",
    viewport: { width: 1180, height: 860 },
  });
  context.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  context.on("weberror", (error) => void complaints.push(error.error().message));
  context.on("console", (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text());
  });
  return {
    context,
    complaints,
    newWindow: () => context.newPage(),
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Saves how the window looks now, in `test-results/`: light, dark and on a small screen. */
export async function photograph(window: Page, name: string): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const size = window.viewportSize();
  for (const [look, colorScheme, width] of [
    ["light", "light", 1180],
    ["dark", "dark", 1180],
    ["narrow", "light", 380],
  ] as const) {
    await window.emulateMedia({ colorScheme });
    await window.setViewportSize({ width, height: 860 });
    await window.screenshot({ path: join(RESULTS, `${name}-${look}.png`), fullPage: true });
  }
  await window.emulateMedia({ colorScheme: null });
  if (size !== null) await window.setViewportSize(size);
}
