// What is typed into a field whose value stands in the address: it goes there after a moment, and what the address says
// (back, forward, a link) comes back into the field.
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

export interface AddressTextProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

const pause = 250;

/** The text of the field, and what takes the next. */
export function useAddressText({
  value,
  onChange,
}: Pick<AddressTextProps, 'value' | 'onChange'>): [string, (text: string) => void] {
  const [typed, setTyped] = useState(value ?? '');
  const sent = useRef(value);
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setTyped(value ?? '');
  }, [value]);
  const send = useDebouncedCallback((text: string) => {
    sent.current = text.trim() || undefined;
    onChange(sent.current);
  }, pause);
  const take = (text: string) => {
    setTyped(text);
    send(text);
  };
  return [typed, take];
}
