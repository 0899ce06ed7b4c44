// The search of a page: its text stands in the address, and the key `/` leads to it.
import { TextInput } from '@mantine/core';
import { Icon } from './icons';
import { type AddressTextProps, useAddressText } from './use-address-text';

export function AddressSearch({ label, placeholder, ...address }: AddressTextProps) {
  const [typed, take] = useAddressText(address);
  return (
    <TextInput
      aria-label={label}
      data-search
      placeholder={placeholder}
      leftSection={<Icon name="search" size={16} />}
      value={typed}
      onChange={(event) => take(event.currentTarget.value)}
    />
  );
}
