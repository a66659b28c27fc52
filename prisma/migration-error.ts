/** A migration that could not be applied. The message names the migration, the database's words and the way out. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  /** Folder name of the migration; undefined when the history as a whole is at fault. */
  readonly migration: string | undefined;

  constructor(message: string, migration: string | undefined, cause?: unknown) {
    super(message, { cause });
    this.migration = migration;
  }
}
