// A text in one line: too long a one ends in dots, and is whole in its hover text.
import classes from './clip.module.css';

export function Clip({ text, code = false }: { text: string; code?: boolean }) {
  const Element = code ? 'code' : 'span';
  return (
    <Element className={classes.clip} title={text.length > 24 ? text : undefined}>
      {text}
    </Element>
  );
}
