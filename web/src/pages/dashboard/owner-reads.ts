/** What the dashboard reads. Each read of users' data stands in the audit trail, so somebody has to ask for it. */
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { answerOf, type Api } from '../../api/client.ts';
import type { CoreSchemas, Schemas } from '../../api/schemas.ts';
import { type PagedQuery, usePaged } from '../../api/reads.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
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

/** The totals of each part of a range. */
export function useTrend(parts: readonly Range[]): UseQueryResult<(Range & Totals)[]> {
  const { api, config } = usePage();
  return useQuery({
    queryKey: [...OWNER, 'trend', parts],
    queryFn: () =>
      Promise.all(
        parts.map(async (part) => ({ ...part, ...(await readTotals(api, config.hasLetters, part)) })),
      ),
    placeholderData: (before) => before,
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
    staleTime: Infinity,
    refetchOnWindowFocus: false,
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

type AuditType = keyof typeof texts.auditTypes | keyof typeof texts.letterAuditTypes;

function isAuditType(type: string): type is AuditType {
  return Object.hasOwn(texts.auditTypes, type) || Object.hasOwn(texts.letterAuditTypes, type);
}

export function useAudit({ date, type, user }: AuditFilters): PagedQuery<Schemas['AuditEvent']> {
  const { api } = usePage();
  return usePaged(
    [...OWNER, 'audit', date, type, user],
    (query) =>
      answerOf(
        api.letters.GET('/admin/audit-events', {
          params: {
            query: {
              ...query,
              ...(date === '' ? {} : { date }),
              ...(isAuditType(type) ? { type } : {}),
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
  });
}
