/** Files of others, read and written. */

export { encodePng } from './png.js';
export { showName } from './safetensors-header.js';
export {
  openSafetensors,
  readSafetensors,
  writeSafetensors,
  type SafetensorsFile,
  type StoredTensor,
  type StoredTensors,
} from './safetensors.js';
export { readTarGz } from './tar.js';
