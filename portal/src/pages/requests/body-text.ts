// How kept bodies are shown: JSON over several lines, and what differs between two of them line by line.

/** JSON indented, each event of a stream too; any other text as it is. */
export function shownAs(text: string): string {
  const whole = indented(text);
  if (whole !== null) return whole;
  if (!text.startsWith('data: ') && !text.startsWith('event: ')) return text;
  return text
    .split('\n')
    .map((line) => (line.startsWith('data: ') ? `data: ${indented(line.slice(6)) ?? line.slice(6)}` : line))
    .join('\n')
    .trimEnd();
}

function indented(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? JSON.stringify(value, null, 2) : null;
  } catch {
    // Cut off, or no JSON at all.
    return null;
  }
}

export interface Line {
  how: 'same' | 'gone' | 'come';
  text: string;
  /** Its place in the difference. */
  number: number;
}

/** Beyond this many pairs of lines a comparison would make the page wait. */
const mostPairs = 4_000_000;

/** The longest common lines stay, the others go or come; null when the texts are too long to compare. */
export function linesOf(before: string, after: string): Line[] | null {
  const [old, now] = [before.split('\n'), after.split('\n')];
  if (old.length * now.length > mostPairs) return null;
  // common[i][j]: how many lines the rests from i and j on have in common.
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: Line[] = [];
  const add = (how: Line['how'], text: string | undefined) =>
    lines.push({ how, text: text ?? '', number: lines.length });
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      add('same', old[i]);
      i += 1;
      j += 1;
    } else if (j >= now.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) {
      add('gone', old[i]);
      i += 1;
    } else {
      add('come', now[j]);
      j += 1;
    }
  }
  return lines;
}
