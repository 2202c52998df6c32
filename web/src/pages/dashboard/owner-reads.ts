/** What the dashboard reads. Each read of a user's data stands in the audit trail, so nothing is read in advance. */
import { useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answerOf, type Api } from '../../api/client.ts';
import type { CoreSchemas, Schemas } from '../../api/schemas.ts';
import { type PagedQuery, usePaged } from '../../api/reads.ts';
import { usePage } from '../../page-context.ts';
import type { Range } from './ranges.ts';

export const OWNER = ['owner'] as const;

/** The totals of a range, in the words of the catalogue. */
export interface Totals {
  used: Readonly<Record<string, number>>;
  creditsUsed: number;
  uniqueUsers: number;
}

/** The letters app answers in words of its own. */
async function readTotals(api: Api, hasLetters: boolean, { start, end }: Range): Promise<Totals> {
  const params = { query: { start, end } };
  if (!hasLetters) {
    return answerOf(api.core.GET('/admin/usage-stats', { params }));
  }
  const stats = await answerOf(api.letters.GET('/admin/usage-stats', { params }));
  return {
    used: { letters: stats.totalLetters, emails: stats.totalEmails, mails: stats.totalMails },
    creditsUsed: stats.totalMailCreditsUsed,
    uniqueUsers: stats.uniqueUsers,
  };
}

export function useTotals(range: Range): UseQueryResult<Totals> {
  const { api, config } = usePage();
  return useQuery({
    queryKey: [...OWNER, 'totals', range],
    queryFn: () => readTotals(api, config.hasLetters, range),
    placeholderData: (before) => before,
  });
}

/** One after the other, in parts of the range. */
export function useTrend(parts: readonly Range[]): { points: (Totals | undefined)[]; hasFailed: boolean } {
  const { api, config } = usePage();
  return useQueries({
    queries: parts.map((part) => ({
      queryKey: [...OWNER, 'totals', part],
      queryFn: () => readTotals(api, config.hasLetters, part),
    })),
    combine: (results) => ({
      points: results.map(({ data }) => data),
      hasFailed: results.some(({ isError }) => isError),
    }),
  });
}

export function useNearing(): PagedQuery<Schemas['NearingUser'] & { id: string }> {
  const { api } = usePage();
  return usePaged([...OWNER, 'nearing'], async (query) => {
    const { items, nextCursor } = await answerOf(api.letters.GET('/admin/users', { params: { query } }));
    return { items: items.map((item) => ({ ...item, id: item.userId })), nextCursor };
  });
}

export type ShownUser = Schemas['User'] | CoreSchemas['UserDetails'];

export function useUser(userId: string): UseQueryResult<ShownUser> {
  const { api, config } = usePage();
  return useQuery<ShownUser>({
    queryKey: [...OWNER, 'user', userId],
    queryFn: () => {
      const init = { params: { path: { userId } } };
      return config.hasLetters
        ? answerOf(api.letters.GET('/admin/users/{userId}', init))
        : answerOf(api.core.GET('/admin/users/{userId}', init));
    },
  });
}

export function useUserLedger(userId: string, isAsked: boolean): PagedQuery<Schemas['LedgerEntry']> {
  const { api } = usePage();
  return usePaged(
    [...OWNER, 'ledger', userId],
    (query) =>
      answerOf(api.letters.GET('/admin/users/{userId}/ledger', { params: { path: { userId }, query } })),
    isAsked,
  );
}

export interface AuditFilters {
  date: string;
  type: string;
  user: string;
}

export function useAudit({ date, type, user }: AuditFilters): PagedQuery<Schemas['AuditEvent']> {
  const { api } = usePage();
  return usePaged(
    [...OWNER, 'audit', date, type, user],
    (query) =>
      answerOf(
        api.core.GET('/admin/audit-events', {
          params: {
            query: {
              ...query,
              ...(date === '' ? {} : { date }),
              ...(type === '' ? {} : { type }),
              ...(user === '' ? {} : { user }),
            },
          },
        }),
      ),
    date !== '' || user !== '',
  );
}

export function useFailedEvents(): PagedQuery<Schemas['FailedEvent']> {
  const { api } = usePage();
  return usePaged([...OWNER, 'failed'], (query) =>
    answerOf(api.letters.GET('/admin/failed-events', { params: { query } })),
  );
}

export function useRollovers(): PagedQuery<Schemas['RolloverRun'] & { id: string }> {
  const { api } = usePage();
  return usePaged([...OWNER, 'rollovers'], async (query) => {
    const { items, nextCursor } = await answerOf(api.letters.GET('/admin/rollovers', { params: { query } }));
    return { items: items.map((run) => ({ ...run, id: run.executionId })), nextCursor };
  });
}

export function useChecks(): UseQueryResult<Schemas['Checks']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWNER, 'checks'],
    queryFn: () => answerOf(api.letters.GET('/admin/checks')),
  });
}

export function useCatalogueInForce(): UseQueryResult<Schemas['CatalogueInForce']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWNER, 'catalogue'],
    queryFn: () => answerOf(api.letters.GET('/admin/catalogue')),
  });
}

export function useReport(month: string): UseQueryResult<Schemas['MailReport']> {
  const { api } = usePage();
  return useQuery({
    queryKey: [...OWNER, 'report', month],
    queryFn: () => answerOf(api.letters.GET('/admin/reports/mail-credits', { params: { query: { month } } })),
    enabled: month !== '',
  });
}
