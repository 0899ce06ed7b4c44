// A text field whose value stands in the address: what is typed goes there after a moment, and what the address says
// (back, forward, a link) comes back into the field.
import { Autocomplete } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { Icon } from './icons';

interface AddressFieldProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  /** The page's search: it stands alone, and the key `/` leads to it. */
  search?: boolean;
  /** Values that are offered; others can be typed. */
  known?: string[];
}

const pause = 250;

export function AddressField({ label, placeholder, value, onChange, search = false, known = [] }: AddressFieldProps) {
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
  const names = search ? { 'aria-label': label, 'data-search': true } : { label };
  return (
    <Autocomplete
      {...names}
      placeholder={placeholder}
      leftSection={search ? <Icon name="search" size={16} /> : undefined}
      data={known}
      limit={20}
      value={typed}
      onChange={(text) => {
        setTyped(text);
        send(text);
      }}
    />
  );
}
