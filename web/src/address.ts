/** The address as it stands. wouter decodes it before its users do, so that `%252F` in it would end up as `/`. */
import type { BaseLocationHook, BaseSearchHook } from 'wouter';
import { navigate, usePathname, useSearch } from 'wouter/use-browser-location';

export const usePath: BaseLocationHook = () => [shielded(usePathname()), navigate];

export const useQueryString: BaseSearchHook = () => shielded(useSearch());

function shielded(encoded: string): string {
  return encoded.replaceAll('%', '%25');
}

/** @returns null where nothing is encoded like this, as in `100%` */
export function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
