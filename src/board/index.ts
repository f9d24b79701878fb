/** The board: runs and studies in the browser, live. */

export { placeOf } from './scan.js';
export { startBoard, type Board, type BoardOptions } from './server.js';
