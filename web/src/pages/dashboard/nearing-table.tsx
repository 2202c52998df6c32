import type { ReactElement } from 'react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/schemas.ts';
import { useWords } from '../../catalogue/use-words.ts';
import type { Column } from '../../components/data-table.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { useNearing } from './owner-reads.ts';

const { dashboard } = texts;
const WHOLE = 100;

/** Who has reached a limit, and who is about to. */
export function NearingTable(): ReactElement {
  const words = useWords();
  const columns: Column<Schemas['NearingUser'] & { id: string }>[] = [
    { title: dashboard.user, cell: ({ userId }) => <UserLink userId={userId} /> },
    {
      title: dashboard.nearest,
      cell: ({ limits: [nearest] }) =>
        nearest === undefined
          ? dashboard.none
          : dashboard.percentOf(
              format.share(nearest.percent / WHOLE),
              format.counted(nearest.limit, words.titleOf(nearest.of)),
            ),
    },
    { title: dashboard.resets, cell: ({ periodEndsAt }) => format.day(periodEndsAt) },
  ];
  return (
    <PagedTable label={dashboard.near} query={useNearing()} columns={columns} empty={dashboard.nearEmpty} />
  );
}

export function UserLink({ userId }: { userId: string }): ReactElement {
  return (
    <Link className="wrap" href={`/dashboard/users/${encodeURIComponent(userId)}`}>
      {userId}
    </Link>
  );
}
