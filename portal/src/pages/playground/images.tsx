// Images beside a prompt: chosen from files, pasted or taken away again.
import { ActionIcon, FileButton, Pill } from '@mantine/core';
import { type ClipboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../../ui/icons';
import classes from './playground.module.css';

export interface Image {
  name: string;
  /** A `data:` address. The portal's policy does not let a page show one: its name stands for it. */
  url: string;
}

const kinds = 'image/png,image/jpeg,image/webp,image/gif';

const read = (file: File) =>
  new Promise<Image>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, url: String(reader.result) });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

export function useImages() {
  const [images, setImages] = useState<Image[]>([]);
  const add = async (files: File[]) => {
    const added = await Promise.all(files.filter((file) => kinds.split(',').includes(file.type)).map(read));
    setImages((before) => [...before, ...added]);
  };
  return {
    images,
    add,
    /** Images of the clipboard; text is pasted as ever. */
    paste: (event: ClipboardEvent) => {
      const files = [...event.clipboardData.files];
      if (files.length === 0) return;
      event.preventDefault();
      void add(files);
    },
    remove: (at: number) => setImages((before) => before.filter((_, index) => index !== at)),
    clear: () => setImages([]),
  };
}

export function AddImages({ onAdd }: { onAdd: (files: File[]) => void }) {
  const { t } = useTranslation();
  return (
    <FileButton multiple accept={kinds} onChange={onAdd}>
      {(props) => (
        <ActionIcon
          {...props}
          variant="default"
          size={36}
          aria-label={t('playground.addImages')}
          title={t('playground.addImages')}
        >
          <Icon name="image" />
        </ActionIcon>
      )}
    </FileButton>
  );
}

export function Images({ images, onRemove }: { images: Image[]; onRemove?: (at: number) => void }) {
  const { t } = useTranslation();
  if (images.length === 0) return null;
  return (
    <div className={classes.images}>
      {images.map((image, at) => (
        <Pill
          // biome-ignore lint/suspicious/noArrayIndexKey: one image may be there twice
          key={at}
          withRemoveButton={Boolean(onRemove)}
          onRemove={() => onRemove?.(at)}
          removeButtonProps={{
            'aria-label': t('playground.removeImage', { name: image.name }),
            'aria-hidden': false,
            tabIndex: 0,
          }}
        >
          <Icon name="image" size={14} /> {image.name}
        </Pill>
      ))}
    </div>
  );
}
