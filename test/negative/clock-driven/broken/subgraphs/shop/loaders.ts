export const createLoaders = (query: (sql: string) => Promise<unknown>) => ({
  running: () => query(`SELECT * FROM offer WHERE ends_at > now()`),
});
