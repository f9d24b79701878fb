/** The parts of charts that the figures of a study share with drawings. */

export * from '../../draw/chart.js';
