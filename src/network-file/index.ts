/** Networks in users' own files: TypeScript or JavaScript with the builder, or a Graph in JSON. */

export type { NetworkFile, NetworkOptions } from './contract.js';
export { checkFit, madeFor } from './fit.js';
export { isNetworkFile, openNetworkFile } from './open.js';
