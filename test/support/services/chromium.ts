// The browser of the end-to-end tests: the system's own, driven by playwright-core, which downloads none.
export const CHROMIUM_PROGRAMS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"] as const;
