import type { User } from 'oidc-client-ts';

const HOME = import.meta.env.BASE_URL;

/** What a sign-in carries along: where it began. */
export function presentPlace(): { place: string } {
  const { pathname, search } = window.location;
  return { place: `${pathname}${search}` };
}

/** Only a place of this page. */
export function placeAfterSignIn(user: User | undefined): string {
  const state: unknown = user?.state;
  const place = typeof state === 'object' && state !== null && 'place' in state ? state.place : null;
  return typeof place === 'string' && place.startsWith(HOME) ? place : HOME;
}
