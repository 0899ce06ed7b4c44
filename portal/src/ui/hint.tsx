// A hover text. What shows it comes when somebody first points at one: it would be a large part of the first load.
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';

const Tip = lazy(() => import('./tip'));

/** So long somebody points at a text before its hover text comes. */
const pointed = 300;
/** So long it stays on a screen that is touched, in milliseconds. */
const touched = 3_000;

export function Hint({ label, children }: { label: string; children: ReactNode }) {
  const [wanted, setWanted] = useState(false);
  const [opened, setOpened] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const turn = (open: boolean, after: number) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setOpened(open), after);
  };
  const enter = () => {
    setWanted(true);
    turn(true, pointed);
  };
  return (
    <span onPointerEnter={enter} onPointerLeave={(event) => turn(false, event.pointerType === 'touch' ? touched : 0)}>
      {wanted ? (
        <Suspense fallback={children}>
          <Tip label={label} opened={opened}>
            {children}
          </Tip>
        </Suspense>
      ) : (
        children
      )}
    </span>
  );
}
