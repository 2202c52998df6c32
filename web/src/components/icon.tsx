import type { ReactElement } from 'react';

const PATHS = {
  warning: 'M10 2.5 18.5 17h-17L10 2.5Zm0 5v4.5m0 2.5v.01',
  stop: 'M6.5 2h7L18 6.5v7L13.5 18h-7L2 13.5v-7L6.5 2Zm3.5 4v5m0 3v.01',
  lock: 'M4.5 9h11v8.5h-11V9ZM7 9V6a3 3 0 0 1 6 0v3',
  done: 'm4 10.5 4 4 8-9',
  info: 'M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-9v5m0-8v.01',
} as const;

export type IconName = keyof typeof PATHS;

/** Beside words that say the same, so readers of the screen aloud skip it. */
export function Icon({ name }: { name: IconName }): ReactElement {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
