/**
 * How much gradients grow on their way back through a plain network with batch norm at initial weights, by mean-field theory
 * (Yang et al. 2019, "A Mean Field Theory of Batch Normalization", in the limit of wide layers and large batches).
 *
 * The derivation for one layer, h = W∗x, u = norm(h), y = φ(u), with weights of mean 0 and variance σ², `f` of them for each
 * output, and φ the leaky ReLU of slope a (a = 0: ReLU, a = 1: identity). In wide layers the values of each channel
 * of u are distributed like a standard normal variable z over the batch, so
 *
 *     E[φ′(z)²] = (1 + a²)/2 =: p
 *     Var[φ(z)] = E[φ(z)²] − E[φ(z)]² = (1 + a²)/2 − (1 − a)²/(2π) =: v
 *
 * Forward, batch norm divides by the deviation of h over the batch. A constant part of x adds only a constant to h, so that only
 * the variance of x counts: Var[h] = σ²·f·v, with the v of the activation before the layer. Backward, with |·|² the sum of
 * squares over all values:
 *
 *     |∂u|² = p·|∂y|²           φ′ acts as if independent of the gradient
 *     |∂h|² = |∂u|² / Var[h]    batch norm also removes two directions of very many, which counts for nothing
 *     |∂x|² = σ²·f·|∂h|²        each value of h sends its gradient to the f values that it read
 *
 * Together |∂x|² = (p/v)·|∂y|², p of the activation behind the layer and v of the one before it. Width, kernel,
 * stride and σ cancel. Along a chain of equal activations each one contributes p/v = (1 + a²)/((1 + a²) − (1 − a)²/π). An identity
 * contributes 1, which is why only activations count, not convolutions.
 */

import type { Graph, Node } from '../graph/index.js';

/** E[φ′(z)²] and, with one term less, Var[φ(z)], for a leaky ReLU φ and standard normal z. */
const backwardFactor = (slope: number): number => (1 + slope ** 2) / 2;
const forwardVariance = (slope: number): number => backwardFactor(slope) - (1 - slope) ** 2 / (2 * Math.PI);

/**
 * The factor by which one activation makes the squared gradient grow backwards: 1.467 for ReLU, 1 for the identity.
 * @param slope of the leaky ReLU; 0 for ReLU, 1 for the identity
 */
export function gradientGrowth(slope: number): number {
  return backwardFactor(slope) / forwardVariance(slope);
}

/**
 * The theory's value for log₁₀ of the gradient's norm at the input of the second convolution over that at the input of the last.
 * @returns null if the theory does not apply: it is for chains of convolutions in which nothing but batch norm and at most one
 * ReLU or leaky ReLU stands between one convolution and the next
 */
export function predictedDecades({ nodes }: Graph): number | null {
  const slopes = chainSlopes(nodes);
  if (slopes === undefined || slopes.length < 2) return null;
  let decades = 0;
  for (let layer = 1; layer < slopes.length; layer++) {
    decades += Math.log10(backwardFactor(slopes[layer]!) / forwardVariance(slopes[layer - 1]!)) / 2;
  }
  return decades;
}

/** The slopes of the activations between successive convolutions; undefined if the network is no such chain. */
function chainSlopes([input, ...nodes]: readonly Node[]): number[] | undefined {
  const last = nodes.findLastIndex(({ op }) => op.kind === 'convolution');
  const chain = nodes.slice(0, last + 1);
  if (!chain.every(({ inputs }, index) => inputs.join() === (chain[index - 1] ?? input)?.name)) return undefined;
  // What stands before a convolution, from the one before it on; the first one reads the images.
  const [first, ...gaps] = splitAtConvolutions(chain);
  const slopes = gaps.flatMap((gap) => gapSlope(gap) ?? []);
  return first?.length === 0 && slopes.length === gaps.length ? slopes : undefined;
}

function splitAtConvolutions(chain: readonly Node[]): Node[][] {
  const gaps: Node[][] = [[]];
  for (const node of chain) {
    if (node.op.kind === 'convolution') gaps.push([]);
    else if (node.op.kind !== 'identity') gaps.at(-1)!.push(node);
  }
  return gaps.slice(0, -1);
}

function gapSlope([norm, activation, ...others]: readonly Node[]): number | undefined {
  if (norm?.op.kind !== 'batchNorm' || others.length > 0) return undefined;
  if (activation === undefined) return 1;
  if (activation.op.kind === 'relu') return 0;
  return activation.op.kind === 'leakyRelu' ? activation.op.slope : undefined;
}
