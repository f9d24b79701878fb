/** How a folder of images is cropped unless settings say otherwise: as timm does. Datasets of fixed sizes stay as they are. */

export const folderDefaults = { cropPercent: 0.875, cropScale: 0.08 } as const;
