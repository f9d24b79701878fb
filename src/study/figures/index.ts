export { learningCurves } from './curves.js';
export { escapeText } from '../../draw/canvas.js';
export { evaluatedName } from './evaluated-name.js';
export { fitCurves } from './fit.js';
export { forestPlot, formatDifference, formatP, signed } from './forest.js';
export { tradeOff } from './trade-off.js';
