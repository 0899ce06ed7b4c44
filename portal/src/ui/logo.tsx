// The mark: water that goes over the steps of a weir.
import classes from './logo.module.css';

export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false" className={classes.mark}>
      <path className={classes.steps} d="M3 14.5h8v6h7.5v6H29" />
      <path className={classes.water} d="M3 7h6.5c4.6 0 3.4 6 7.3 6s3 6 7.1 6H29" />
    </svg>
  );
}

export function Wordmark() {
  return (
    <span className={classes.word}>
      <Mark />
      <span>weir</span>
    </span>
  );
}
