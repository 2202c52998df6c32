import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answerOf } from '../api/client.ts';
import type { Schemas } from '../api/schemas.ts';
import { usePage } from '../page-context.ts';

export type Catalogue = Schemas['Catalogue'];
export type CataloguePlan = Catalogue['plans'][number];

const FRESH_FOR_MS = 300_000;

/** What the app counts and sells. Anyone may read it. */
export function useCatalogue(): UseQueryResult<Catalogue> {
  const { api } = usePage();
  return useQuery({
    queryKey: ['catalogue'],
    queryFn: () => answerOf(api.letters.GET('/catalogue')),
    staleTime: FRESH_FOR_MS,
  });
}
