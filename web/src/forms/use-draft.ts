import { useState, useSyncExternalStore } from 'react';
import { usePlace } from '../session/kept.ts';

/**
 * What somebody types into a form, and the key under which it is sent. Both stay in the tab's storage, so that neither a
 * reload nor a detour to sign in loses a word. The key belongs to the form and not to the click: however often the form is
 * sent, in however many copies of the tab, what it asks for happens once.
 */
export interface Draft<Values> {
  values: Values;
  key: string;
  change: (values: Partial<Values>) => void;
  /** Before it is sent: the key stays, though nobody has typed a word. */
  hold: () => void;
  /**
   * After it has been carried out: an empty form with another key. What somebody has typed since it was sent stays, as
   * another request.
   *
   * @returns whether somebody has
   */
  finish: () => boolean;
  /** What was sent is decided, and what comes next is another request. */
  renewKey: () => void;
}

interface Kept<Values> {
  values: Values;
  key: string;
}

const listeners = new Set<() => void>();

export function useDraft<Values extends Readonly<Record<string, string>>>(
  name: string,
  empty: Values,
): Draft<Values> {
  const place = usePlace(`draft-${name}`);
  const [unkept] = useState(() => fresh(empty));
  const draft = read(
    useSyncExternalStore(subscribe, () => window.sessionStorage.getItem(place)),
    empty,
    unkept,
  );
  // An answer comes long after the rendering that has sent for it: what is kept by then counts.
  const present = (): Kept<Values> => read(window.sessionStorage.getItem(place), empty, unkept);
  const keep = (next: Kept<Values>): void => {
    window.sessionStorage.setItem(place, JSON.stringify(next));
    listeners.forEach((listener) => listener());
  };
  return {
    ...draft,
    change: (values) => {
      const { key, values: before } = present();
      keep({ key, values: { ...before, ...values } });
    },
    hold: () => keep(present()),
    finish: () => {
      const { key, values } = present();
      if (key !== draft.key) {
        return false;
      }
      const isChanged = Object.keys(empty).some((field) => values[field] !== draft.values[field]);
      keep(fresh(isChanged ? values : empty));
      return isChanged;
    },
    renewKey: () => {
      const { key, values } = present();
      if (key === draft.key) {
        keep(fresh(values));
      }
    },
  };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function fresh<Values>(values: Values): Kept<Values> {
  return { values, key: crypto.randomUUID() };
}

/** Storage may hold the form of an older page: only text in the fields of today's form counts. */
function read<Values extends Readonly<Record<string, string>>>(
  text: string | null,
  empty: Values,
  unkept: Kept<Values>,
): Kept<Values> {
  const kept = parse(text);
  const key = textIn(kept, 'key');
  const typed = typeof kept === 'object' && kept !== null && 'values' in kept ? kept.values : null;
  if (key === null) {
    return unkept;
  }
  const values = Object.keys(empty).flatMap((field) => {
    const text = textIn(typed, field);
    return text === null ? [] : [[field, text] as const];
  });
  return { key, values: { ...empty, ...Object.fromEntries(values) } };
}

function textIn(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const found = Object.entries(value).find(([key]) => key === name)?.[1] as unknown;
  return typeof found === 'string' ? found : null;
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
