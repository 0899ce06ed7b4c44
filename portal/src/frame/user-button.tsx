// The button that bears the name of who is signed in.
import { Button, type ButtonProps } from '@mantine/core';
import type { ComponentProps } from 'react';
import { Icon } from '../ui/icons';

export function UserButton(props: ButtonProps & ComponentProps<'button'>) {
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-md"
      justify="flex-start"
      leftSection={<Icon name="user" />}
      {...props}
    />
  );
}
