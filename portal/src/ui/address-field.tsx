// A filter whose value stands in the address, with values that are offered; others can be typed.
import { Autocomplete } from '@mantine/core';
import { type AddressTextProps, useAddressText } from './use-address-text';

export function AddressField({ known, label, placeholder, ...address }: AddressTextProps & { known: string[] }) {
  const [typed, take] = useAddressText(address);
  return <Autocomplete label={label} placeholder={placeholder} data={known} limit={20} value={typed} onChange={take} />;
}
