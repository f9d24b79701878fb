/**
 * How a folder's images are cropped unless settings say otherwise. Networks for images of up to 64 pixels are trained as on
 * CIFAR, padded and cropped, since crops of a small share leave too little to see; larger ones with timm's crops. Datasets
 * of fixed sizes stay as they are.
 */

export const largeCrops = { cropPercent: 0.875, cropScale: 0.08 } as const;
export const smallCrops = { cropPercent: 1, cropScale: null } as const;

/** Pixels. */
export const mostSmall = 64;
