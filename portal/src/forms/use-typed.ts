// What somebody has typed into a resource's form and could lose, through saves and other versions of the resource.
import type { UseFormReturnType } from '@mantine/form';
import { useEffect, useRef } from 'react';
import { keepTyped, sameValues } from './typed';

export interface Typed {
  /** Whether there is something to lose. Asked at the very moment: state would be one render late. */
  unsaved: () => boolean;
  /** The values of this moment are on their way to the server; then `saved` or not, and `ended`. */
  sending: () => void;
  saved: () => void;
  ended: () => void;
  /** Gives up what was typed for what `read` brings; `read` says whether it came. */
  giveUpFor: (read: () => Promise<boolean>) => Promise<void>;
}

/** `etag` is that of the version that `start` is of; with another one the fields become what that holds. */
export function useTyped<V extends Record<string, unknown>>(
  form: UseFormReturnType<V>,
  start: V,
  etag: string | null | undefined,
  onOtherVersion: () => void,
): Typed {
  /** As read, as last saved, or given up: what differs from it was typed since. */
  const settled = useRef(start);
  const sent = useRef<V | null>(null);
  const seen = useRef(etag);
  useEffect(() => {
    if (seen.current === etag) return;
    seen.current = etag;
    form.setValues(keepTyped(sent.current ?? settled.current, form.getValues(), start));
    form.resetDirty(start);
    form.clearErrors();
    settled.current = start;
    sent.current = null;
    onOtherVersion();
  });
  return {
    unsaved: () => !sameValues(form.getValues(), settled.current),
    sending: () => {
      sent.current = form.getValues();
    },
    saved: () => {
      // Another version has taken them over already; but the same content makes no other version.
      if (!sent.current) return;
      settled.current = sent.current;
      form.resetDirty(sent.current);
    },
    ended: () => {
      sent.current = null;
    },
    giveUpFor: async (read) => {
      const before = settled.current;
      settled.current = form.getValues();
      if (!(await read())) settled.current = before;
    },
  };
}
