import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useGifts, usePurchases } from '../../api/reads.ts';
import { rememberCheckout, useCheckoutPlace } from '../../billing/begun-checkout.ts';
import { useWords } from '../../catalogue/use-words.ts';
import type { Column } from '../../components/data-table.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

type Purchase = Schemas['ListedPurchase'];
type Gift = Schemas['ListedGift'];

const { credits } = texts;

export function PurchaseTable(): ReactElement {
  const { credit } = useWords();
  const columns: Column<Purchase>[] = [
    { title: credits.title, cell: (row) => format.counted(row.credits, credit) },
    { title: credits.price, cell: ({ price }) => format.money(price), isNumber: true },
    { title: credits.status, cell: (row) => <PurchaseState purchase={row} /> },
    { title: credits.date, cell: ({ createdAt }) => format.instant(createdAt) },
  ];
  return (
    <PagedTable
      label={credits.purchases}
      query={usePurchases()}
      columns={columns}
      empty={credits.noPurchases}
    />
  );
}

function PurchaseState({ purchase }: { purchase: Purchase }): ReactElement {
  const { id, status, checkoutUrl, returnedCents, price } = purchase;
  const place = useCheckoutPlace();
  return (
    <span>
      {credits.purchaseStatus[status]}
      {status === 'open' && checkoutUrl !== null && (
        <>
          {' '}
          <a href={checkoutUrl} onClick={() => rememberCheckout(place, { kind: 'bundle', purchaseId: id })}>
            {credits.payNow}
          </a>
        </>
      )}
      {returnedCents > 0 && ` · ${credits.returned(format.money({ ...price, amountCents: returnedCents }))}`}
    </span>
  );
}

export function GiftTable(): ReactElement {
  const { credit } = useWords();
  const columns: Column<Gift>[] = [
    { title: credits.title, cell: ({ count }) => format.counted(count, credit) },
    { title: credits.status, cell: ({ status }) => credits.giftStatus[status] },
    { title: credits.date, cell: ({ createdAt }) => format.instant(createdAt) },
    {
      title: credits.ends,
      cell: ({ endedAt, expiresAt }) =>
        endedAt === undefined ? credits.until(format.day(expiresAt)) : format.day(endedAt),
    },
  ];
  return <PagedTable label={credits.given} query={useGifts()} columns={columns} empty={credits.noGifts} />;
}
