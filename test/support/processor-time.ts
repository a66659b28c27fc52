/**
 * The processor time that this process spends while `work` runs, in milliseconds, of all its threads. Other processes
 * do not count, however busy the machine is.
 */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
