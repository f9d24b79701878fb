/**
 * Reads JSON of one known form, token by token: whoever reads asks for what has to come next. Nothing is built of what
 * has no place in the form, however large, deep or often repeated it is, so that a hostile file costs nothing but the
 * reading of its bytes. Stricter than JSON: numbers are whole and not negative, and no key comes twice.
 */

export interface PullJson {
  /** The members of an object; `member` has to read the value of the key that it is told. */
  object(what: string, member: (key: string) => void): void;
  /** A list of at most `most` whole numbers from 0 to 2⁵³ − 1. */
  wholeNumbers(what: string, most: number): number[];
  text(what: string): string;
  /** Nothing but spaces may follow. */
  end(): void;
}

/** Tells what should have stood where, and does not come back. */
export type Unexpected = (expected: string, position: number) => never;

const quote = 0x22;
const backslash = 0x5c;

// oxlint-disable-next-line max-lines-per-function -- its functions share the place in one text
export function pullJson(bytes: Uint8Array, unexpected: Unexpected): PullJson {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;

  /** The next byte that is no space; NaN at the end. */
  const next = (): number => {
    while (at < bytes.length && isSpace(bytes[at]!)) at++;
    return bytes[at] ?? Number.NaN;
  };
  const skip = (character: string): boolean => {
    const found = next() === character.charCodeAt(0);
    if (found) at++;
    return found;
  };
  const expect = (character: string, expected: string): void => {
    if (!skip(character)) unexpected(expected, at);
  };

  const text = (what: string): string => {
    expect('"', what);
    const begin = at;
    // Signs that stand for themselves: all but escapes, control characters and those of several bytes.
    let plain = true;
    while (at < bytes.length && bytes[at] !== quote) {
      plain &&= isPlain(bytes[at]!);
      at += bytes[at] === backslash ? 2 : 1;
    }
    if (at >= bytes.length) unexpected(`an end of ${what}`, begin);
    const end = at++;
    if (plain) return buffer.toString('latin1', begin, end);
    try {
      return JSON.parse(`"${decoder.decode(bytes.subarray(begin, end))}"`) as string;
    } catch {
      return unexpected(`${what} in well-formed characters`, begin);
    }
  };

  const wholeNumber = (what: string): number => {
    next();
    const begin = at;
    // One digit more than the largest has is enough to know that it is too large.
    while (at < bytes.length && at - begin < 17 && isDigit(bytes[at]!)) at++;
    const digits = String.fromCharCode(...bytes.subarray(begin, at));
    const value = Number(digits);
    if (!/^(0|[1-9]\d*)$/.test(digits) || !Number.isSafeInteger(value)) unexpected(what, begin);
    return value;
  };

  return {
    object(what, member) {
      expect('{', what);
      if (skip('}')) return;
      const keys = new Set<string>();
      do {
        next();
        const begin = at;
        const key = text(`a key of ${what}`);
        if (keys.has(key)) unexpected(`a key that is not yet in ${what}`, begin);
        keys.add(key);
        expect(':', `a colon behind a key of ${what}`);
        member(key);
      } while (skip(','));
      expect('}', `an end of ${what}`);
    },
    wholeNumbers(what, most) {
      const numbers: number[] = [];
      expect('[', what);
      if (skip(']')) return numbers;
      do {
        if (numbers.length === most) unexpected(`no more than ${most} numbers in ${what}`, at);
        numbers.push(wholeNumber(`a whole number from 0 to 2⁵³ − 1 in ${what}`));
      } while (skip(','));
      expect(']', `an end of ${what}`);
      return numbers;
    },
    text,
    end() {
      if (!Number.isNaN(next())) unexpected('nothing more', at);
    },
  };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== backslash;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
