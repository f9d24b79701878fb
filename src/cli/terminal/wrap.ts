/** Breaks long lines at spaces, so that text fits a terminal. */

/** A command that a reader copies stays on one line; the terminal breaks it without a line break in the copy. */
const command = /(?:^|: | {2})(?:npx|npm|sudo) /;

/** The text with no line wider than `width` that can be broken. What continues a line is indented as the line is. */
export function wrapText(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string {
  if (line.length <= width || command.test(line)) return line;
  const indent = /^ */.exec(line)![0];
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    // A number keeps its sign of percent.
    const before = rest[space + 1] === '%' ? rest.lastIndexOf(' ', space - 1) : space;
    // A word that is too long for a line stays whole.
    const at = before > indent.length ? before : rest.indexOf(' ', Math.max(width, indent.length));
    if (at === -1) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = indent + rest.slice(at + 1).trimStart();
  }
  return [...lines, rest].join('\n');
}
