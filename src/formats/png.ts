/** Pixels as a PNG (ISO/IEC 15948): 8 bits per value, no filters. Every image viewer reads it. */

import { crc32, deflateSync } from 'node:zlib';

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Color types by the number of channels. */
const colorTypes = { 1: 0, 3: 2 } as const;

export interface Pixels {
  /** 1: gray; 3: red, green, blue. */
  readonly channels: 1 | 3;
  readonly width: number;
  readonly height: number;
  /** [height, width, channels] */
  readonly values: Uint8Array;
}

export function encodePng({ channels, width, height, values }: Pixels): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colorTypes[channels]], 8);
  const row = width * channels;
  // Each row begins with its filter: 0, none.
  const rows = Buffer.alloc(height * (1 + row));
  for (let y = 0; y < height; y++) rows.set(values.subarray(y * row, (y + 1) * row), y * (1 + row) + 1);
  return Buffer.concat([
    signature,
    block('IHDR', header),
    block('IDAT', deflateSync(rows)),
    block('IEND', Buffer.of()),
  ]);
}

function block(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
