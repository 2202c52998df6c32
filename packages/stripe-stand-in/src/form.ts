import { invalidParameter } from './api-error.ts';

/** A form-encoded body or query with its brackets resolved: `items[0][price]=p` is `{items: [{price: 'p'}]}`. */
export type FormValue = string | FormValue[] | Form;
export interface Form {
  [name: string]: FormValue;
}

const MAX_PAIRS = 1_000;
const MAX_DEPTH = 8;
const MAX_LIST = 200;

/** @throws ApiError for a body that is too large or whose brackets contradict each other */
export function parseForm(encoded: string): Form {
  const form = emptyForm();
  const pairs = [...new URLSearchParams(encoded)];
  if (pairs.length > MAX_PAIRS) {
    throw invalidParameter('Too many parameters.', '');
  }
  for (const [name, value] of pairs) {
    place(form, pathOf(name), value, name);
  }
  return listsOf(form);
}

/** Without a prototype, so that a parameter named `__proto__` is a parameter like any other. */
function emptyForm(): Form {
  const form: Form = Object.create(null) as Form;
  return form;
}

/** `a[b][]` as `['a', 'b', '']`. */
function pathOf(name: string): string[] {
  const [head = '', ...rest] = name.split('[');
  const isWellFormed = head !== '' && rest.every((part) => part.endsWith(']'));
  if (!isWellFormed || rest.length > MAX_DEPTH) {
    throw invalidParameter(`Invalid parameter name: ${name}`, name);
  }
  return [head, ...rest.map((part) => part.slice(0, -1))];
}

function place(form: Form, path: readonly string[], value: string, name: string): void {
  let parent = form;
  for (const [index, written] of path.entries()) {
    // `a[]=x` appends.
    const key = written === '' ? String(Object.keys(parent).length) : written;
    if (index === path.length - 1) {
      parent[key] = value;
      return;
    }
    const child = (parent[key] ??= emptyForm());
    if (typeof child === 'string' || Array.isArray(child)) {
      throw invalidParameter(`Invalid parameter: ${name}`, name);
    }
    parent = child;
  }
}

/** Objects whose keys are 0, 1, 2 and so on are lists. */
function listsOf(form: Form): Form {
  const resolved = emptyForm();
  for (const [name, value] of Object.entries(form)) {
    resolved[name] = listOrForm(value);
  }
  return resolved;
}

function listOrForm(value: FormValue): FormValue {
  if (typeof value === 'string' || Array.isArray(value)) {
    return value;
  }
  const keys = Object.keys(value);
  const isList = keys.length > 0 && keys.every((key) => /^\d{1,3}$/.test(key));
  if (!isList) {
    return listsOf(value);
  }
  if (keys.length > MAX_LIST) {
    throw invalidParameter('Too many entries in a list.', '');
  }
  return Object.values(value).map(listOrForm);
}
