/** Elements from plain words: text is set as text, so nothing that comes off the disk is ever taken for HTML. */

type Child = Node | string | null;
type Attributes = { readonly [name: string]: string | boolean | ((event: Event) => void) };

/** `element('a', { href: '#/' }, 'home')`; functions listen, `true` sets an attribute without a value. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export interface Column<Row> {
  readonly title: string;
  /** What the column says; shown under the pointer, and in `explained`. */
  readonly about?: string;
  readonly align?: 'right' | 'words';
  readonly cell: (row: Row) => Node | string;
}

/** A table that scrolls by itself if it is too wide. The first cell of a row names the row. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): HTMLElement {
  const kind = (column: Column<Row>): Attributes =>
    column.align === undefined ? {} : { class: column.align === 'right' ? 'number' : 'words' };
  const head = columns.map((column) =>
    element('th', { scope: 'col', ...kind(column), ...titled(column.about) }, column.title),
  );
  const body = rows.map((row) =>
    element(
      'tr',
      {},
      ...columns.map((column, index) =>
        index === 0 ? element('th', { scope: 'row' }, column.cell(row)) : element('td', kind(column), column.cell(row)),
      ),
    ),
  );
  return scrolling(
    caption,
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...body)),
  );
}

const titled = (about: string | undefined): Attributes => (about === undefined ? {} : { title: about });

/** What the columns of a table mean, folded away. */
export function explained(columns: readonly { readonly title: string; readonly about?: string }[]): HTMLElement {
  const lines = columns.flatMap(({ title, about }) =>
    about === undefined ? [] : [element('dt', {}, title), element('dd', {}, about)],
  );
  return element(
    'details',
    { class: 'explained' },
    element('summary', {}, 'What the columns mean'),
    element('dl', {}, ...lines),
  );
}

/** What may be wider than the page: reached and scrolled with the keyboard. */
export function scrolling(label: string, content: Node): HTMLElement {
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label }, content);
}
