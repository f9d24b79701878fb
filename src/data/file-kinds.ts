/** Tells pictures from other files: first by name, then by their first bytes, since names are often wrong. */

/** Endings of the formats that can be decoded. */
const READABLE = /\.(jpe?g|jpe|jfif|jif|pjpe?g|pjp|a?png|webp|gif|tiff?|avif)$/i;
/** Endings of pictures in other formats. The bytes decide: a photo that was merely renamed to `.bmp` is used. */
const OTHER_PICTURES =
  /\.(bmp|dib|hei[cf]|heics|hif|jxl|jp2|j2k|jpx|jpf|svgz?|psd|psb|ico|cur|tga|p[bgnp]m|exr|hdr|dng|cr[23w]|nef|arw|orf|rw2|raf|raw|dcm|xcf|eps|ai|wmf|emf|pcx|dds)$/i;

/** What a name promises: `maybe` has no ending at all, or that of another format. */
export function promiseOf(name: string): 'picture' | 'maybe' | 'other' {
  if (READABLE.test(name)) return 'picture';
  return OTHER_PICTURES.test(name) || !/.\.[^.\s]+$/.test(name) ? 'maybe' : 'other';
}

/** What files that are passed over are called, such as `.heic files, a format that cannot be read`. */
export function kindOfOther(name: string): string {
  const [, ending] = /.\.([^.\s/]{1,12})$/.exec(name) ?? [];
  if (ending === undefined) return 'files that are no pictures';
  const reason = OTHER_PICTURES.test(name) ? ', a format that cannot be read' : '';
  return `.${ending.toLowerCase()} files${reason}`;
}

/** What operating systems, disks and archives leave behind, also in the folders of photos. */
export function isSystems(name: string): boolean {
  return /^(@eaDir|@Syno\w+|@tmp|@Rec(ycle|ently).*|#recycle|[#~]snapshot|__MACOSX|Thumbs\.db|ehthumbs(_vista)?\.db|desktop\.ini|Icon\r|\$RECYCLE\.BIN|System Volume Information|lost\+found|__pycache__)$/i.test(
    name,
  );
}

/** Enough bytes to tell the formats apart. */
export const SIGNATURE_BYTES = 64;

/** The first bytes of each format that can be decoded. */
const signatures: { readonly [format: string]: (bytes: Buffer) => boolean } = {
  JPEG: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
  PNG: (bytes) => bytes.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n',
  WebP: (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
  GIF: (bytes) => /^GIF8[79]a$/.test(bytes.toString('latin1', 0, 6)),
  TIFF: (bytes) => /^(II[*+]\0|MM\0[*+])$/.test(bytes.toString('latin1', 0, 4)),
  AVIF: (bytes) => brandsOf(bytes).some((brand) => brand === 'avif' || brand === 'avis'),
};

/** What other bytes are, in words. */
const others: readonly (readonly [test: (bytes: Buffer) => boolean, what: string])[] = [
  [(bytes) => bytes.length === 0, 'it is empty'],
  [(bytes) => bytes.every((byte) => byte === 0), 'it begins with zeros only, as a file that was never written'],
  [
    (bytes) => brandsOf(bytes).some((brand) => /^(hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand)),
    'it is a HEIC picture; convert it to JPEG',
  ],
  [(bytes) => bytes.toString('latin1', 0, 2) === 'BM', 'it is a BMP picture; convert it to PNG'],
  [(bytes) => /^\s*<(!doctype html|html)/i.test(bytes.toString('latin1')), 'it is a web page'],
  [(bytes) => /^\s*(<\?xml|<svg)/i.test(bytes.toString('latin1')), 'it is an SVG drawing or other XML'],
  [(bytes) => bytes.toString('latin1', 0, 4) === '%PDF', 'it is a PDF document'],
  [(bytes) => bytes.toString('latin1', 0, 2) === 'PK', 'it is a zip archive'],
  [
    (bytes) => bytes.toString('latin1').startsWith('version https://git-lfs'),
    'it is a pointer of Git LFS; fetch the file with `git lfs pull`',
  ],
];

/** Whether the bytes begin like a picture that can be decoded. */
export function isReadablePicture(bytes: Buffer): boolean {
  return Object.values(signatures).some((matches) => matches(bytes));
}

/** What is wrong with bytes that are no readable picture, in words that finish `… cannot be decoded: `. */
export function describeBytes(bytes: Buffer): string {
  const start = bytes.subarray(0, SIGNATURE_BYTES);
  const known = others.find(([matches]) => matches(start));
  return known?.[1] ?? 'it is not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture';
}

/** The brands in the first box of an ISO media file (ISO 14496-12), which AVIF and HEIC are. */
function brandsOf(bytes: Buffer): string[] {
  if (bytes.length < 16 || bytes.toString('latin1', 4, 8) !== 'ftyp') return [];
  const end = Math.min(bytes.readUInt32BE(0), bytes.length - 3);
  const brands = [bytes.toString('latin1', 8, 12)];
  for (let at = 16; at < end; at += 4) brands.push(bytes.toString('latin1', at, at + 4));
  return brands;
}
