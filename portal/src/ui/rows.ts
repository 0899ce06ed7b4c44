// Moving through the rows of a table: a click anywhere follows the row's link, arrow keys (or j and k) go row by row.
import type { KeyboardEvent, MouseEvent } from 'react';

/** What has a meaning of its own when it is clicked. */
const own = 'a, button, input, label, summary, details';
const step: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

const linkOf = (row: Element | null | undefined) => row?.querySelector<HTMLElement>('a.name-link');

export function followRow(event: MouseEvent<HTMLElement>) {
  if (!(event.target instanceof Element) || event.target.closest(own)) return;
  // Whoever marks text wants to copy it.
  if (window.getSelection()?.toString()) return;
  const { ctrlKey, metaKey, shiftKey } = event;
  const click = new window.MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey });
  linkOf(event.target.closest('tr'))?.dispatchEvent(click);
}

export function walkRows(event: KeyboardEvent<HTMLElement>) {
  const by = step[event.key];
  if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!(event.target instanceof Element) || event.target.closest('input, textarea, select, [role="dialog"]')) return;
  const row = event.target.closest('tr');
  const next = linkOf(by > 0 ? row?.nextElementSibling : row?.previousElementSibling);
  if (!next) return;
  event.preventDefault();
  next.focus();
}
