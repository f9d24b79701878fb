/** The exit codes; docs/cli.md lists them for users. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Standard output was closed by its reader while a training ran. */
  closed: 141,
} as const;
