/** The exit codes; docs/cli.md lists them for users. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** The reader of standard output closed it while a training ran. */
  closed: 141,
} as const;
