import { constraints } from "../../../schema/generated/operations.ts";

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrom(?:e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** A name for the session list, e.g. `Firefox on Linux`. */
export function deviceName(userAgent: string): string {
  const find = (names: typeof BROWSERS, fallback: string): string =>
    names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? fallback;
  return `${find(BROWSERS, "Browser")} on ${find(SYSTEMS, "an unknown system")}`;
}

/** That of this browser, as long as a session's may be. */
export function thisDevice(): string {
  return deviceName(navigator.userAgent).slice(0, constraints.device.max);
}
