/** What the pages read, each by its key. */
import {
  type InfiniteData,
  useInfiniteQuery,
  type UseInfiniteQueryResult,
  useQuery,
  type UseQueryResult,
} from '@tanstack/react-query';
import { usePage } from '../page-context.ts';
import { answerOf } from './client.ts';
import type { Schemas } from './schemas.ts';

const PAGE_SIZE = 20;

/** Everything that changes when somebody uses, buys or changes something. */
export const OWN = ['own'] as const;

export function useAccount(): UseQueryResult<Schemas['Account']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWN, 'account'],
    queryFn: () => answerOf(api.letters.GET('/account')),
    // Soon after it has reset, and not before: half a second is left for the clock.
    refetchInterval: ({ state }) => untilReset(state.data?.period.endsAt),
  });
}

const LATEST_MS = 2_147_000_000;
const AFTER_RESET_MS = 500;

function untilReset(endsAt: string | undefined): number | false {
  const left = endsAt === undefined ? 0 : Date.parse(endsAt) - Date.now() + AFTER_RESET_MS;
  return left > 0 && left < LATEST_MS ? left : false;
}

export function useForecast(): UseQueryResult<Schemas['AccountForecast']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWN, 'forecast'],
    queryFn: () => answerOf(api.letters.GET('/account/forecast')),
  });
}

export function useHistory(periods: number): UseQueryResult<Schemas['AccountHistory']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWN, 'history', periods],
    queryFn: () => answerOf(api.letters.GET('/account/history', { params: { query: { periods } } })),
  });
}

export function useCredits(): UseQueryResult<Schemas['CreditsSummary']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWN, 'credits'],
    queryFn: () => answerOf(api.letters.GET('/credits')),
  });
}

export function useBilling(): UseQueryResult<Schemas['Billing']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWN, 'billing'],
    queryFn: () => answerOf(api.letters.GET('/billing')),
  });
}

interface Paged<Item> {
  items: Item[];
  nextCursor: string | null;
}

type Read<Item> = (query: { limit: number; cursor?: string }) => Promise<Paged<Item>>;

export type PagedQuery<Item> = UseInfiniteQueryResult<InfiniteData<Paged<Item>>> & {
  /** How many have come since; null where nobody looks. */
  newer: Newer | null;
};

export interface Newer {
  count: number;
  /** More may have come than the first page shows. */
  isAtLeast: boolean;
}

/** A list that is read page by page. What is at hand is not read again while somebody reads on. */
export function usePaged<Item>(
  key: readonly unknown[],
  read: Read<Item>,
  isEnabled = true,
): PagedQuery<Item> {
  return { ...usePages(key, read, isEnabled), newer: null };
}

function usePages<Item>(
  key: readonly unknown[],
  read: Read<Item>,
  isEnabled: boolean,
): UseInfiniteQueryResult<InfiniteData<Paged<Item>>> {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) =>
      read(pageParam === null ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled: isEnabled,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

const LOOK_EVERY_MS = 60_000;

/** Such a list, whose first page is looked at now and then: it tells what is new, and moves no row under its reader. */
function useWatched<Item extends { id: string }>(
  key: readonly unknown[],
  read: Read<Item>,
): PagedQuery<Item> {
  const query = usePages(key, read, true);
  const first = query.data?.pages[0];
  const latest = useQuery({
    queryKey: [...key, 'latest'],
    queryFn: () => read({ limit: PAGE_SIZE }),
    enabled: first !== undefined,
    initialData: first,
    initialDataUpdatedAt: query.dataUpdatedAt,
    staleTime: LOOK_EVERY_MS,
    refetchInterval: LOOK_EVERY_MS,
    refetchOnWindowFocus: 'always',
  });
  const isLater = !query.isFetching && latest.dataUpdatedAt > query.dataUpdatedAt;
  const newer = isLater ? newerThan(first?.items ?? [], latest.data?.items ?? []) : NOTHING_NEWER;
  return { ...query, newer };
}

const NOTHING_NEWER: Newer = { count: 0, isAtLeast: false };

function newerThan<Item extends { id: string }>([newest]: readonly Item[], latest: readonly Item[]): Newer {
  const place = latest.findIndex(({ id }) => id === newest?.id);
  return place === -1
    ? { count: latest.length, isAtLeast: newest !== undefined }
    : { count: place, isAtLeast: false };
}

export function useLedger(): PagedQuery<Schemas['LedgerEntry']> {
  const { api } = usePage();
  return useWatched([...OWN, 'ledger'], (query) =>
    answerOf(api.letters.GET('/credits/ledger', { params: { query } })),
  );
}

export function usePurchases(): PagedQuery<Schemas['ListedPurchase']> {
  const { api } = usePage();
  return useWatched([...OWN, 'purchases'], (query) =>
    answerOf(api.letters.GET('/credits/purchases', { params: { query } })),
  );
}

export function useGifts(): PagedQuery<Schemas['ListedGift']> {
  const { api } = usePage();
  return useWatched([...OWN, 'gifts'], (query) =>
    answerOf(api.letters.GET('/credits/gifts', { params: { query } })),
  );
}

export function useLetters(): PagedQuery<Schemas['Letter']> {
  const { api } = usePage();
  return usePaged([...OWN, 'letters'], (query) =>
    answerOf(api.letters.GET('/letters', { params: { query } })),
  );
}

/** One that a list of letters may not have reached yet. A letter's title never changes. */
export function useLetter(id: string): UseQueryResult<Schemas['LetterWithBody']> {
  const { api } = usePage();
  return useQuery({
    queryKey: ['letter', id],
    queryFn: () => answerOf(api.letters.GET('/letters/{id}', { params: { path: { id } } })),
    staleTime: Infinity,
  });
}

export function useDeliveries(): PagedQuery<Schemas['Delivery']> {
  const { api } = usePage();
  return useWatched([...OWN, 'deliveries'], (query) =>
    answerOf(api.letters.GET('/deliveries', { params: { query } })),
  );
}
