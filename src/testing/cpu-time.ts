/**
 * The processor time that this process has used so far, in milliseconds: bounds on it hold on a busy machine as well, where
 * time on the clock says nothing of the work done.
 */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
