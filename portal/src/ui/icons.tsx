// The portal's line icons, 20 × 20, one stroke. They decorate text; where one stands alone, its button has a label.

const paths = {
  home: 'M3.5 9.5 10 4l6.5 5.5V16h-4.5v-4h-4v4H3.5z',
  provider: 'M4 5.5h12v4H4zM4 10.5h12v4H4zM6.8 7.5h.01M6.8 12.5h.01',
  route: 'M3 10h4c3 0 2.5-5 5.5-5H17M7 10c3 0 2.5 5 5.5 5H17M14.8 3 17 5l-2.2 2M14.8 13l2.2 2-2.2 2',
  catalog: 'M4.5 4h4v12h-4zM8.5 4h4v12h-4zM12.8 4.6l2.9-.8 2.3 11.4-2.9.8z',
  playground: 'M4 4.5h12v8.5H9.5L6 16v-3H4zM7 8.7h.01M10 8.7h.01M13 8.7h.01',
  application: 'M4 4h5v5H4zM11 4h5v5h-5zM4 11h5v5H4zM13.5 11v5M11 13.5h5',
  service: 'M10 3.5 16 7v6.5L10 17l-6-3.5V7zM4 7l6 3.5L16 7M10 10.5V17',
  lock: 'M5 9h10v7H5zM7 9V6.5a3 3 0 0 1 6 0V9M10 12v1.5',
  key: 'M12.8 11.6a3.9 3.9 0 1 0-3.6-2.5L4 14.3V16.5h2.6v-2h2v-2l1.2-1.2a3.9 3.9 0 0 0 3 .3zM13.4 7.1h.01',
  usage: 'M4 16.5V9.5M8 16.5v-12M12 16.5v-5M16 16.5v-9',
  requests: 'M3.5 5.5h7M6.5 10h7M10 14.5h6.5',
  audit: 'M5.5 3.5h9v13h-9zM8 7h4M8 10h4M8 13h2.5',
  plus: 'M10 4.5v11M4.5 10h11',
  check: 'm4.5 10.5 3.5 3.5 7.5-8',
  cross: 'm5.5 5.5 9 9M14.5 5.5l-9 9',
  copy: 'M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  sun: 'M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM10 3v1.5M10 15.5V17M3 10h1.5M15.5 10H17M5.1 5.1l1 1M13.9 13.9l1 1M14.9 5.1l-1 1M6.1 13.9l-1 1',
  moon: 'M15.5 11.8A6 6 0 0 1 8.2 4.5a6 6 0 1 0 7.3 7.3z',
  language: 'M3 5.5h8M7 3.5v2M9.5 5.5c-.7 2.8-2.7 5-5.5 6.2M5 7.5c1 2 2.6 3.4 4.5 4.2M9.5 16.5l3.5-8 3.5 8M10.7 14h4.6',
  user: 'M10 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5',
  search: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.7 12.7 16.5 16.5',
  arrow: 'M4 10h12M11.5 5.5 16 10l-4.5 4.5',
  down: 'm5.5 8 4.5 4.5L14.5 8',
  trash: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6M8.5 9v4.5M11.5 9v4.5',
  code: 'm7 6-4 4 4 4M13 6l4 4-4 4',
  stop: 'M6 6h8v8H6z',
  download: 'M10 4v8.5M6 9l4 4 4-4M4.5 16h11',
  warn: 'M10 4 3 16h14zM10 8.5v3.5M10 14h.01',
  image: 'M3.5 4.5h13v11h-13zM3.5 13.5l4-4 3.5 3.5 2-2 3.5 3.5M12.5 7.7h.01',
  history: 'M4 10a6 6 0 1 0 2-4.5M4 3.5v3h3M10 7v3.2l2.3 1.5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden="true" focusable="false">
      <path d={paths[name]} stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
