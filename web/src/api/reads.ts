/** What the pages read, each by its key. */
import {
  type InfiniteData,
  type QueryFunctionContext,
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
    queryFn: async (context) => {
      const before = context.client.getQueryData<Schemas['Account']>(context.queryKey);
      const account = await answerOf(api.letters.GET('/account'));
      if (before !== undefined && before.period.startsAt !== account.period.startsAt) {
        readTheRest(context);
      }
      return account;
    },
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

/** Reads everything else of the user again, because what was read tells that it has changed. */
function readTheRest({ client, queryKey }: QueryFunctionContext): void {
  void client.invalidateQueries({
    queryKey: OWN,
    predicate: (query) => query.queryKey[OWN.length] !== queryKey[OWN.length],
  });
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

interface ReadPage<Item> extends Paged<Item> {
  readAt: number;
}

export type PagedQuery<Item> = UseInfiniteQueryResult<InfiniteData<Paged<Item>>> & {
  /** How many have come since; null where nobody looks. */
  newer: Newer | null;
  /** What has become of those at hand, by their ids. */
  changed: ReadonlyMap<string, Item>;
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
  return { ...usePages(key, read, isEnabled), newer: null, changed: new Map() };
}

function usePages<Item>(
  key: readonly unknown[],
  read: Read<Item>,
  isEnabled: boolean,
): UseInfiniteQueryResult<InfiniteData<ReadPage<Item>>> {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam }) => {
      const page = await read(
        pageParam === null ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, cursor: pageParam },
      );
      return { ...page, readAt: Date.now() };
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled: isEnabled,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

const LOOK_EVERY_MS = 60_000;
/** Most payments are reported within seconds. What takes longer than two minutes may take a day. */
const LOOK_OFTEN_MS = 5_000;
const LOOK_OFTEN_FOR_MS = 120_000;

/**
 * Such a list, whose first page is looked at now and then: it shows what has become of its rows, tells what is new, and
 * moves no row under its reader.
 *
 * @param isOpen whether an item waits for a payment. While one does, somebody looks often, and then at everything
 */
function useWatched<Item extends { id: string }>(
  key: readonly unknown[],
  read: Read<Item>,
  isOpen: (item: Item) => boolean = () => false,
): PagedQuery<Item> {
  const query = usePages(key, read, true);
  const pages = query.data?.pages ?? [];
  const [first] = pages;
  const latest = useQuery<Paged<Item>>({
    queryKey: [...key, 'latest'],
    queryFn: async (context) => {
      const before = context.client.getQueryData<Paged<Item>>(context.queryKey)?.items ?? [];
      const page = await read({ limit: PAGE_SIZE });
      const open = new Set(before.filter(isOpen).map(({ id }) => id));
      if (page.items.some((item) => open.has(item.id) && !isOpen(item))) {
        readTheRest(context);
      }
      return page;
    },
    enabled: first !== undefined,
    initialData: first,
    initialDataUpdatedAt: first?.readAt,
    staleTime: LOOK_EVERY_MS,
    refetchInterval: ({ state }) =>
      state.data?.items.some(isOpen) === true && Date.now() - query.dataUpdatedAt < LOOK_OFTEN_FOR_MS
        ? LOOK_OFTEN_MS
        : LOOK_EVERY_MS,
    refetchOnWindowFocus: 'always',
  });
  const seen = latest.data?.items ?? [];
  const isLater = !query.isFetching && first !== undefined && latest.dataUpdatedAt > first.readAt;
  return {
    ...query,
    newer: isLater ? newerThan(first.items, seen) : NOTHING_NEWER,
    changed: changedIn(
      pages.filter(({ readAt }) => latest.dataUpdatedAt > readAt),
      seen,
    ),
  };
}

function changedIn<Item extends { id: string }>(
  pages: readonly Paged<Item>[],
  seen: readonly Item[],
): Map<string, Item> {
  const older = new Set(pages.flatMap(({ items }) => items.map(({ id }) => id)));
  return new Map(seen.filter(({ id }) => older.has(id)).map((item) => [item.id, item]));
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
  return useWatched(
    [...OWN, 'purchases'],
    (query) => answerOf(api.letters.GET('/credits/purchases', { params: { query } })),
    ({ status }) => status === 'open' || status === 'processing',
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
  return useWatched(
    [...OWN, 'deliveries'],
    (query) => answerOf(api.letters.GET('/deliveries', { params: { query } })),
    ({ status }) => status === 'pending_payment',
  );
}
