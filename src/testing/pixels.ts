/** The colors of a rendered picture. */

import sharp from 'sharp';

/**
 * Renders an SVG document as converters and previews do, with librsvg, and counts its colors.
 * @returns the share of the pixels that have a color exactly, for each color (`#b9d4f8`)
 */
export async function colorShares(svg: string): Promise<ReadonlyMap<string, number>> {
  const { data, info } = await sharp(Buffer.from(svg)).flatten({ background: '#ffffff' }).raw().toBuffer({
    resolveWithObject: true,
  });
  const counts = new Map<string, number>();
  for (let at = 0; at < data.length; at += info.channels) {
    const color = `#${data.subarray(at, at + 3).toString('hex')}`;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const pixels = info.width * info.height;
  return new Map([...counts].map(([color, count]) => [color, count / pixels]));
}
