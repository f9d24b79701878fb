/** The types that tensors of a safetensors file can have, and how values of the floating ones become float32. */

/** Puts the values that lie in `bytes` into `values`; both have room for the same number of them. */
type Convert = (bytes: Uint8Array<ArrayBuffer>, values: Float32Array) => void;

export interface Dtype {
  /** Of one value. */
  readonly bytes: number;
  /**
   * `same` if the bytes are the values already; null for types that weights do not come in: integers, truth values,
   * complex numbers, and floats of 8 bits, which need scales.
   */
  readonly toFloat32: Convert | 'same' | null;
}

const withoutWeights = (bytes: number): Dtype => ({ bytes, toFloat32: null });

export const dtypes = {
  F64: {
    bytes: 8,
    toFloat32: (bytes, values) => values.set(new Float64Array(bytes.buffer, bytes.byteOffset, values.length)),
  },
  F32: { bytes: 4, toFloat32: 'same' },
  F16: {
    bytes: 2,
    toFloat32: (bytes, values) => {
      const table = halfPrecision();
      const words = new Uint16Array(bytes.buffer, bytes.byteOffset, values.length);
      for (let i = 0; i < words.length; i++) values[i] = table[words[i]!]!;
    },
  },
  // The upper half of a float32.
  BF16: {
    bytes: 2,
    toFloat32: (bytes, values) => {
      const words = new Uint16Array(bytes.buffer, bytes.byteOffset, values.length);
      const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
      for (let i = 0; i < words.length; i++) bits[i] = words[i]! << 16;
    },
  },
  I64: withoutWeights(8),
  U64: withoutWeights(8),
  C64: withoutWeights(8),
  I32: withoutWeights(4),
  U32: withoutWeights(4),
  I16: withoutWeights(2),
  U16: withoutWeights(2),
  I8: withoutWeights(1),
  U8: withoutWeights(1),
  BOOL: withoutWeights(1),
  F8_E4M3: withoutWeights(1),
  F8_E5M2: withoutWeights(1),
  F8_E8M0: withoutWeights(1),
} as const satisfies { readonly [name: string]: Dtype };

export type DtypeName = keyof typeof dtypes;

let halves: Float32Array | undefined;

/** The value of every pattern of 16 bits (IEEE 754 binary16). */
function halfPrecision(): Float32Array {
  halves ??= Float32Array.from({ length: 0x1_0000 }, (_, word) => {
    const sign = word & 0x8000 ? -1 : 1;
    const exponent = (word >> 10) & 0x1f;
    const fraction = word & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return halves;
}
