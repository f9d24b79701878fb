/** What a network's file is given, and what it gives. */

import type { Graph } from '../graph/index.js';

/** What the data ask of a network. A file's `network` function is called with it. */
export interface NetworkOptions {
  /** Number of classes: the network ends with so many numbers for each image. */
  readonly classes: number;
  /** [channels, height, width] of one image. */
  readonly inputShape: readonly [channels: number, height: number, width: number];
}

/** A file that was found to hold a network. */
export interface NetworkFile {
  /** What the network is made for where nothing else is asked. */
  readonly defaults: NetworkOptions;
  /** The network at its defaults; undefined where the file has to run for that. */
  known(): Graph | undefined;
  /**
   * The network for the data described; what is left out is the file's own choice, or that of `defaults`. To be called
   * once.
   * @throws RectioError `graph` naming the file, and its line or node, where it gives none or one that does not fit;
   * `interrupted` after the signal
   */
  network(options?: Partial<NetworkOptions>): Promise<Graph>;
  /** Ends what the file may still be doing. */
  close(): Promise<void>;
}
