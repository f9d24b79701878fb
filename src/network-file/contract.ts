/** The contract between Rectio and a network file: the options that the file receives and the network it returns. */

import type { Graph } from '../graph/index.js';

/** What the data requires of a network. It is the argument of a file's `network` function. */
export interface NetworkOptions {
  /** Number of classes, which is also the number of outputs per image. */
  readonly classes: number;
  /** [channels, height, width] of one image. */
  readonly inputShape: readonly [channels: number, height: number, width: number];
}

/** A file that contains a network. */
export interface NetworkFile {
  /** The classes and the input shape that the network has by default. */
  readonly defaults: NetworkOptions;
  /** The network at its defaults; undefined if the file's code must run to make it. */
  known(): Graph | undefined;
  /**
   * Makes the network for the given data. The file, or `defaults`, decides what the options leave out. Call it only
   * once.
   * @throws RectioError `graph` if the file returns no network or one that does not fit, with the file and the line or
   * node; `interrupted` after the signal
   */
  network(options?: Partial<NetworkOptions>): Promise<Graph>;
  /** Stops code of the file that is still running. */
  close(): Promise<void>;
}
