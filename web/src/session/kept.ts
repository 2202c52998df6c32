/** What a tab keeps of its user over a reload. Each place belongs to one user, and nobody else reads it. */
import { useAuth } from 'react-oidc-context';

const PLACES = 'postage-of/';

/** Where something is kept of whoever is signed in. */
export function usePlace(name: string): string {
  const { user } = useAuth();
  return `${placesOf(user?.profile.sub ?? '')}${name}`;
}

/** Forgets what the tab has kept of others. */
export function keepOnly(sub: string): void {
  const others = Object.keys(window.sessionStorage).filter(
    (place) => place.startsWith(PLACES) && !place.startsWith(placesOf(sub)),
  );
  others.forEach((place) => window.sessionStorage.removeItem(place));
}

function placesOf(sub: string): string {
  return `${PLACES}${encodeURIComponent(sub)}/`;
}
