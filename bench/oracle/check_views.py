"""Compares the test view of a folder of images with Pillow: short side to round(size / 0.875), then the middle.

    python bench/oracle/check_views.py    # needs pillow and numpy, and a built checkout

Filters differ a little, so the mean absolute difference may be up to 0.5 of 255 at each size, and 4.5 if the image grows:
libvips enlarges with another filter than Pillow, about half a pixel further up.
"""

import os
import subprocess
import tempfile

import numpy
from PIL import Image

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
SIZES = [(640, 427), (301, 999), (257, 256), (1023, 777), (200, 150), (511, 513)]
SIZE, SHARE = 224, 0.875
SCRIPT = '''
import { writeFileSync } from 'node:fs';
const { createLoader, openDataset } = await import(process.argv[1] + '/dist/data/index.js');
const [, , dir, whole] = process.argv;
const dataset = await openDataset('folder', { dir, size: %d, cropPercent: %s, whole: whole === 'true', cacheDir: dir + '-cache' });
const plain = { ...dataset, mean: [0, 0, 0], deviation: [1, 1, 1] };
const loader = createLoader({ dataset: plain, split: 'test', batch: 64, workers: 0 });
for await (const { images, count } of loader.epoch(0)) {
  writeFileSync(dir + '.raw', Uint8Array.from(images.subarray(0, count * 3 * %d ** 2), (value) => Math.round(255 * value)));
}
await loader.close();
''' % (SIZE, SHARE, SIZE)


def photo(width, height, seed):
    """Smooth shapes and edges, like a photo."""
    generator = numpy.random.default_rng(seed)
    small = Image.fromarray(generator.integers(0, 256, (12, 16, 3), dtype=numpy.uint8))
    image = numpy.asarray(small.resize((width, height), Image.Resampling.BICUBIC)).astype(float)
    image[height // 3 : height // 2, width // 4 : width // 2] = 255 - image[height // 3 : height // 2, width // 4 : width // 2]
    image += generator.normal(0, 4, image.shape)
    return Image.fromarray(image.clip(0, 255).astype(numpy.uint8))


def expected(image):
    short = round(SIZE / SHARE)
    scale = short / min(image.size)
    width, height = (round(side * scale) for side in image.size)
    resized = image.resize((width, height), Image.Resampling.LANCZOS)
    left, top = (width - SIZE) // 2, (height - SIZE) // 2
    return numpy.asarray(resized.crop((left, top, left + SIZE, top + SIZE))).astype(float)


def main():
    with tempfile.TemporaryDirectory() as base:
        images = [photo(*size, seed) for seed, size in enumerate(SIZES)]
        folder = os.path.join(base, 'photos')
        for split in ['train', 'test']:
            for label in ['a', 'b']:
                os.makedirs(os.path.join(folder, split, label))
                for index, image in enumerate(images):
                    image.save(os.path.join(folder, split, label, f'{index}.png'))
        worst = 0
        for whole in ['true', 'false']:
            subprocess.run(['node', '--input-type=module', '-e', SCRIPT, ROOT, folder, whole], check=True)
            seen = numpy.fromfile(folder + '.raw', dtype=numpy.uint8).reshape(-1, 3, SIZE, SIZE)
            for index, image in enumerate(images):
                difference = numpy.abs(seen[index].transpose(1, 2, 0) - expected(image)).mean()
                most = 4.5 if min(image.size) < SIZE / SHARE else 0.5
                print(f'{image.size[0]}×{image.size[1]}, kept whole: {whole}: {difference:.3f} of 255')
                worst = max(worst, difference / most)
        assert worst <= 1, 'a view differs from Pillow by more than filters do'


if __name__ == '__main__':
    main()
