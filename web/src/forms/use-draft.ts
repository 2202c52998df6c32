import { useState } from 'react';

/**
 * What somebody types into a form, and the key under which it is sent. Both stay in the tab's storage, so that neither a
 * reload nor a detour to sign in loses a word. The key belongs to the form and not to the click: however often the form is
 * sent, in however many copies of the tab, what it asks for happens once.
 */
export interface Draft<Values> {
  values: Values;
  key: string;
  change: (values: Partial<Values>) => void;
  /** After it has been carried out: an empty form with another key. */
  clear: () => void;
  /** What was sent is decided, and what comes next is another request. */
  renewKey: () => void;
}

interface Kept<Values> {
  values: Values;
  key: string;
}

export function useDraft<Values extends Readonly<Record<string, string>>>(
  name: string,
  empty: Values,
): Draft<Values> {
  const [draft, setDraft] = useState<Kept<Values>>(() => read(name, empty));
  const keep = (next: Kept<Values>): void => {
    window.sessionStorage.setItem(placeOf(name), JSON.stringify(next));
    setDraft(next);
  };
  return {
    ...draft,
    change: (values) => keep({ ...draft, values: { ...draft.values, ...values } }),
    clear: () => {
      window.sessionStorage.removeItem(placeOf(name));
      setDraft(fresh(empty));
    },
    renewKey: () => keep({ ...draft, key: crypto.randomUUID() }),
  };
}

function placeOf(name: string): string {
  return `postage-draft-${name}`;
}

function fresh<Values>(values: Values): Kept<Values> {
  return { values, key: crypto.randomUUID() };
}

/** Storage may hold the form of an older page: only text in the fields of today's form counts. */
function read<Values extends Readonly<Record<string, string>>>(name: string, empty: Values): Kept<Values> {
  const kept = parse(window.sessionStorage.getItem(placeOf(name)));
  const key = textIn(kept, 'key');
  const typed = typeof kept === 'object' && kept !== null && 'values' in kept ? kept.values : null;
  if (key === null) {
    return fresh(empty);
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
