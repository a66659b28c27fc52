// One event of each type as it stands on the log: test/fixtures/events/<type>.json.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../fixtures/events");

export interface EventFixture {
  readonly type: string;
  /** As the log has it: one line. */
  readonly text: string;
}

export const eventFixtures: readonly EventFixture[] = readdirSync(FOLDER)
  .sort()
  .map((file) => ({
    type: file.slice(0, -".json".length),
    text: JSON.stringify(JSON.parse(readFileSync(join(FOLDER, file), "utf8"))),
  }));
