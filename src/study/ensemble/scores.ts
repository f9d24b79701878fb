/** How well logits agree with those of the leaky network, and with the labels. */

/** Logits of several networks on the same images, compared with those of the leaky network. */
export interface LogitScore {
  /**
   * R² = 1 − Σ(t − y)² / Σ(t − t̄)², over all images and classes: t is a logit of the leaky network, y the same logit of
   * this one, and t̄ the mean of t over the images of the split for its class. 1 if all logits are the same; negative if
   * the means t̄ alone are nearer. Null if t does not vary.
   */
  readonly r2: number | null;
  /**
   * The share of the leaky network's variance that y explains after the best offset for each class and one scale for all
   * of them: the squared correlation of t and y, both centered per class. Null if either does not vary.
   */
  readonly r2Fitted: number | null;
  /** Images with the same answer (largest logit) as the leaky network, percent. */
  readonly agreement: number;
  /** Test error, percent. */
  readonly error: number;
}

type Values = Float32Array | Float64Array;

/** Scores logits [images, classes] against those of the leaky network in `target`. */
export function scoreLogits(logits: Values, target: Values, labels: Uint16Array): LogitScore {
  const classes = target.length / labels.length;
  const answers = answersOf(logits, classes);
  const expected = answersOf(target, classes);
  const percent = (fits: (answer: number, image: number) => boolean) =>
    (100 * answers.filter(fits).length) / labels.length;
  return {
    ...explained(logits, target, classes),
    agreement: percent((answer, image) => answer === expected[image]),
    error: percent((answer, image) => answer !== labels[image]),
  };
}

function explained(logits: Values, target: Values, classes: number): Pick<LogitScore, 'r2' | 'r2Fitted'> {
  const [own, other] = [classMeans(logits, classes), classMeans(target, classes)];
  let [residual, total, variance, covariance] = [0, 0, 0, 0];
  for (let i = 0; i < target.length; i++) {
    const t = target[i]! - other[i % classes]!;
    const y = logits[i]! - own[i % classes]!;
    residual += (target[i]! - logits[i]!) ** 2;
    total += t * t;
    variance += y * y;
    covariance += t * y;
  }
  return {
    r2: total > 0 ? 1 - residual / total : null,
    r2Fitted: total > 0 && variance > 0 ? covariance ** 2 / (variance * total) : null,
  };
}

/** The mean of each class's logits over all images. */
function classMeans(logits: Values, classes: number): Float64Array {
  const means = new Float64Array(classes);
  for (let i = 0; i < logits.length; i++) means[i % classes]! += logits[i]!;
  return means.map((sum) => (sum * classes) / logits.length);
}

/** The class of each row's largest logit; the first of equal ones. */
function answersOf(logits: Values, classes: number): Uint16Array {
  return Uint16Array.from({ length: logits.length / classes }, (_, image) => {
    const start = image * classes;
    let best = 0;
    for (let i = 1; i < classes; i++) if (logits[start + i]! > logits[start + best]!) best = i;
    return best;
  });
}
