// The hover text itself, as the component library shows it.
import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';

export default function Tip({ label, opened, children }: { label: string; opened: boolean; children: ReactNode }) {
  return (
    <Tooltip label={label} opened={opened}>
      <span>{children}</span>
    </Tooltip>
  );
}
