/** The zoo: every network by name. A new network needs one row here, which also adds it to the tests. */

import { RectioError } from '../base/error.js';
import { didYouMean } from '../base/suggest.js';
import type { Graph, Shape } from '../graph/index.js';
import { alexnet } from './alexnet.js';
import {
  cifarBottleneckPreResNet,
  cifarBottleneckResNet,
  cifarPlain,
  cifarPreResNet,
  cifarResNet,
  cifarResNet18,
} from './cifar-resnet.js';
import { convNeXt } from './convnext.js';
import { cifarDenseNet, cifarDenseNetBc, denseNet } from './densenet.js';
import { efficientNet } from './efficientnet.js';
import { googlenet } from './googlenet.js';
import { inceptionV3 } from './inception.js';
import { mnasNet } from './mnasnet.js';
import { mobileNetV1 } from './mobilenet-v1.js';
import { mobileNetV2 } from './mobilenet-v2.js';
import { mobileNetV3 } from './mobilenet-v3.js';
import type { ModelOptions, Shortcut } from './model.js';
import { nin } from './nin.js';
import { cifarPyramidNet } from './pyramidnet.js';
import { regNet } from './regnet.js';
import { basicBlock, bottleneck } from './residual.js';
import { imagenetResNet } from './resnet.js';
import { cifarResNeXt } from './resnext.js';
import { shufflenet } from './shufflenet.js';
import { squeezenet } from './squeezenet.js';
import { cifarVgg, vgg } from './vgg.js';
import { cifarWideResNet } from './wide-resnet.js';

export type { ModelOptions, Shortcut } from './model.js';

interface Model {
  readonly make: (name: string, options: ModelOptions) => Graph;
  readonly inputShape: Shape;
  readonly classes: number;
  /** Whether the kind of shortcut can be chosen. */
  readonly shortcuts: boolean;
}

type Make = Model['make'];
const small = (make: Make): Model => ({ make, inputShape: [3, 32, 32], classes: 10, shortcuts: false });
const imagenet = (make: Make, size = 224): Model => ({
  make,
  inputShape: [3, size, size],
  classes: 1000,
  shortcuts: false,
});
const smallResidual = (make: Make): Model => ({ ...small(make), shortcuts: true });
const imagenetResidual = (make: Make): Model => ({ ...imagenet(make), shortcuts: true });

const wide = bottleneck({ groupWidth: 128 });
const resnext = (groups: number, groupWidth: number) => bottleneck({ groups, groupWidth });

const models = {
  resnet20: smallResidual((name, options) => cifarResNet(name, 20, options)),
  resnet32: smallResidual((name, options) => cifarResNet(name, 32, options)),
  resnet44: smallResidual((name, options) => cifarResNet(name, 44, options)),
  resnet56: smallResidual((name, options) => cifarResNet(name, 56, options)),
  resnet110: smallResidual((name, options) => cifarResNet(name, 110, options)),
  resnet29_bottleneck: smallResidual((name, options) => cifarBottleneckResNet(name, 29, options)),
  plain20: small((name, options) => cifarPlain(name, 20, options)),
  plain32: small((name, options) => cifarPlain(name, 32, options)),
  plain44: small((name, options) => cifarPlain(name, 44, options)),
  plain56: small((name, options) => cifarPlain(name, 56, options)),
  preresnet20: smallResidual((name, options) => cifarPreResNet(name, 20, options)),
  preresnet32: smallResidual((name, options) => cifarPreResNet(name, 32, options)),
  preresnet44: smallResidual((name, options) => cifarPreResNet(name, 44, options)),
  preresnet56: smallResidual((name, options) => cifarPreResNet(name, 56, options)),
  preresnet110: smallResidual((name, options) => cifarPreResNet(name, 110, options)),
  preresnet164: smallResidual((name, options) => cifarBottleneckPreResNet(name, 164, options)),
  cifar_resnet18: smallResidual((name, options) => cifarResNet18(name, options)),
  wrn_16_4: smallResidual((name, options) => cifarWideResNet(name, 16, 4, options)),
  wrn_28_10: smallResidual((name, options) => cifarWideResNet(name, 28, 10, options)),
  resnext29_8x16d: smallResidual((name, options) => cifarResNeXt(name, 29, { groups: 8, groupWidth: 16 }, options)),
  pyramidnet110_a48: small((name, options) => cifarPyramidNet(name, 110, 48, options)),
  pyramidnet110_a84: small((name, options) => cifarPyramidNet(name, 110, 84, options)),
  cifar_vgg11_bn: small((name, options) => cifarVgg(name, [1, 1, 2, 2, 2], options)),
  cifar_vgg13_bn: small((name, options) => cifarVgg(name, [2, 2, 2, 2, 2], options)),
  cifar_vgg16_bn: small((name, options) => cifarVgg(name, [2, 2, 3, 3, 3], options)),
  cifar_vgg19_bn: small((name, options) => cifarVgg(name, [2, 2, 4, 4, 4], options)),
  nin: small(nin),
  alexnet: imagenet(alexnet),
  vgg11: imagenet((name, options) => vgg(name, [1, 1, 2, 2, 2], 'none', options)),
  vgg11_bn: imagenet((name, options) => vgg(name, [1, 1, 2, 2, 2], 'batchNorm', options)),
  vgg13: imagenet((name, options) => vgg(name, [2, 2, 2, 2, 2], 'none', options)),
  vgg13_bn: imagenet((name, options) => vgg(name, [2, 2, 2, 2, 2], 'batchNorm', options)),
  vgg16: imagenet((name, options) => vgg(name, [2, 2, 3, 3, 3], 'none', options)),
  vgg16_bn: imagenet((name, options) => vgg(name, [2, 2, 3, 3, 3], 'batchNorm', options)),
  vgg19: imagenet((name, options) => vgg(name, [2, 2, 4, 4, 4], 'none', options)),
  vgg19_bn: imagenet((name, options) => vgg(name, [2, 2, 4, 4, 4], 'batchNorm', options)),
  googlenet: imagenet(googlenet),
  inception_v3: imagenet(inceptionV3, 299),
  squeezenet1_0: imagenet((name, options) => squeezenet(name, '1.0', options)),
  squeezenet1_1: imagenet((name, options) => squeezenet(name, '1.1', options)),
  densenet121: imagenet((name, options) => denseNet(name, 32, [6, 12, 24, 16], options)),
  densenet161: imagenet((name, options) => denseNet(name, 48, [6, 12, 36, 24], options)),
  densenet169: imagenet((name, options) => denseNet(name, 32, [6, 12, 32, 32], options)),
  densenet201: imagenet((name, options) => denseNet(name, 32, [6, 12, 48, 32], options)),
  densenet_bc_100_12: small((name, options) => cifarDenseNetBc(name, 100, 12, options)),
  densenet_40_12: small((name, options) => cifarDenseNet(name, 40, 12, options)),
  shufflenet_v2_x0_5: imagenet((name, options) => shufflenet(name, [48, 96, 192, 1024], options)),
  shufflenet_v2_x1_0: imagenet((name, options) => shufflenet(name, [116, 232, 464, 1024], options)),
  shufflenet_v2_x1_5: imagenet((name, options) => shufflenet(name, [176, 352, 704, 1024], options)),
  shufflenet_v2_x2_0: imagenet((name, options) => shufflenet(name, [244, 488, 976, 2048], options)),
  resnet18: imagenetResidual((name, options) => imagenetResNet(name, basicBlock, [2, 2, 2, 2], options)),
  resnet34: imagenetResidual((name, options) => imagenetResNet(name, basicBlock, [3, 4, 6, 3], options)),
  resnet50: imagenetResidual((name, options) => imagenetResNet(name, bottleneck(), [3, 4, 6, 3], options)),
  resnet101: imagenetResidual((name, options) => imagenetResNet(name, bottleneck(), [3, 4, 23, 3], options)),
  resnet152: imagenetResidual((name, options) => imagenetResNet(name, bottleneck(), [3, 8, 36, 3], options)),
  wide_resnet50_2: imagenetResidual((name, options) => imagenetResNet(name, wide, [3, 4, 6, 3], options)),
  wide_resnet101_2: imagenetResidual((name, options) => imagenetResNet(name, wide, [3, 4, 23, 3], options)),
  resnext50_32x4d: imagenetResidual((name, options) => imagenetResNet(name, resnext(32, 4), [3, 4, 6, 3], options)),
  resnext101_32x8d: imagenetResidual((name, options) => imagenetResNet(name, resnext(32, 8), [3, 4, 23, 3], options)),
  resnext101_64x4d: imagenetResidual((name, options) => imagenetResNet(name, resnext(64, 4), [3, 4, 23, 3], options)),
  mobilenet_v1: imagenet(mobileNetV1),
  mobilenet_v2: imagenet(mobileNetV2),
  mobilenet_v3_large: imagenet((name, options) => mobileNetV3(name, 'large', options)),
  mobilenet_v3_small: imagenet((name, options) => mobileNetV3(name, 'small', options)),
  mnasnet1_0: imagenet(mnasNet),
  efficientnet_b0: imagenet((name, options) => efficientNet(name, 'b0', options)),
  efficientnet_b1: imagenet((name, options) => efficientNet(name, 'b1', options), 240),
  efficientnet_b2: imagenet((name, options) => efficientNet(name, 'b2', options), 288),
  efficientnet_b3: imagenet((name, options) => efficientNet(name, 'b3', options), 300),
  regnet_x_400mf: imagenet((name, options) => regNet(name, 'x400', options)),
  regnet_x_1_6gf: imagenet((name, options) => regNet(name, 'x1600', options)),
  regnet_y_400mf: imagenet((name, options) => regNet(name, 'y400', options)),
  regnet_y_1_6gf: imagenet((name, options) => regNet(name, 'y1600', options)),
  convnext_tiny: imagenet((name, options) => convNeXt(name, { blocks: [3, 3, 9, 3], lastRate: 0.1 }, options)),
  convnext_small: imagenet((name, options) => convNeXt(name, { blocks: [3, 3, 27, 3], lastRate: 0.4 }, options)),
} satisfies Record<string, Model>;

/** Every name that `createModel` accepts. */
export const modelNames: readonly string[] = Object.keys(models);

function findModel(name: string): Model {
  if (!Object.hasOwn(models, name)) {
    throw new RectioError('usage', `There is no model '${name}'`, didYouMean(name, modelNames));
  }
  return models[name as keyof typeof models];
}

/** A model's default options. It includes `shortcut` only if the model has a choice. */
export function modelDefaults(name: string): { classes: number; inputShape: Shape; shortcut?: Shortcut } {
  const { classes, inputShape, shortcuts } = findModel(name);
  return { classes, inputShape, ...(shortcuts ? { shortcut: 'B' } : {}) };
}

/** The smallest image side at which no layer of a model gets an empty input. */
export function leastSize(name: string): number {
  const { make, inputShape, classes } = findModel(name);
  const [channels, own] = inputShape as readonly [number, number];
  const takes = (size: number): boolean => {
    try {
      make(name, { classes, inputShape: [channels, size, size], shortcut: 'B' });
      return true;
    } catch (error) {
      if (error instanceof RectioError) return false;
      throw error;
    }
  };
  // Larger images never make a layer's input smaller, so a binary search finds the bound.
  let [refused, taken] = [0, own];
  while (taken - refused > 1) {
    const middle = Math.floor((refused + taken) / 2);
    if (takes(middle)) taken = middle;
    else refused = middle;
  }
  return taken;
}

/**
 * Creates the network `name` for images of `inputShape` ([channels, height, width]) and the given number of classes.
 * @throws RectioError `usage` for an unknown name or an invalid option, including images that are too small
 */
export function createModel(name: string, options: Partial<ModelOptions> = {}): Graph {
  const model = findModel(name);
  const { classes = model.classes, inputShape = model.inputShape, shortcut = 'B' } = options;
  if (!Number.isInteger(classes) || classes < 2) {
    throw new RectioError('usage', `${name} cannot have ${classes} classes`, 'Give an integer of at least 2.');
  }
  if (inputShape.length !== 3) {
    throw new RectioError(
      'usage',
      `${name} takes images of shape [channels, height, width], not [${inputShape.join(', ')}]`,
      `Give three numbers, for example [${model.inputShape.join(', ')}].`,
    );
  }
  if (shortcut !== 'A' && shortcut !== 'B') {
    throw new RectioError(
      'usage',
      `There is no shortcut '${String(shortcut)}'`,
      "Use 'A' (padding) or 'B' (projection).",
    );
  }
  if (options.shortcut !== undefined && !model.shortcuts) {
    throw new RectioError('usage', `${name} has no shortcuts to choose`, 'Leave out the option, or use a resnet.');
  }
  try {
    return model.make(name, { classes, inputShape, shortcut });
  } catch (error) {
    if (!(error instanceof RectioError)) throw error;
    // The network definitions are valid, so the requested options must be the cause.
    const least = leastSize(name);
    throw new RectioError(
      'usage',
      `${name} cannot take images of ${inputShape.join('×')} with ${classes} classes: ${error.message}`,
      `Images must be at least ${least}×${least}. Defaults: ${model.inputShape.join('×')}, ${model.classes} classes.`,
      { cause: error },
    );
  }
}
