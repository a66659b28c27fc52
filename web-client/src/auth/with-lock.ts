/** Runs `task` while no other window of this profile runs one of the same name. */
export async function withLock<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
  // Absent in insecure contexts, such as plain HTTP on another host than localhost: then windows may race, and one
  // signs in again.
  const locks: LockManager | undefined = navigator.locks;
  if (locks === undefined) return task();
  return locks.request(name, () => task());
}
