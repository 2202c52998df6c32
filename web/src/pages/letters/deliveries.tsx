import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useDeliveries, useLetters } from '../../api/reads.ts';
import type { Column } from '../../components/data-table.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { CancelDelivery } from './cancel-delivery.tsx';

type Delivery = Schemas['Delivery'];

const TONES: Record<Delivery['status'], string> = {
  pending_payment: 'tag-warn',
  scheduled: 'tag-accent',
  dispatched: 'tag-accent',
  sent: 'tag-good',
  failed: 'tag-bad',
  cancelled: '',
};

/** What is to be sent, was sent, or came to nothing. */
export function Deliveries(): ReactElement {
  const query = useDeliveries();
  const letters = useLetters().data?.pages.flatMap(({ items }) => items) ?? [];
  const titleOf = (id: string): string =>
    letters.find((letter) => letter.id === id)?.title ?? texts.letters.unknownLetter;
  const columns: Column<Delivery>[] = [
    {
      title: texts.letters.letter,
      cell: ({ letterId }) => <bdi className="wrap">{titleOf(letterId)}</bdi>,
    },
    {
      title: texts.letters.channel,
      cell: ({ channel, paidWith, price }) =>
        `${texts.letters[channel]}, ${price === undefined ? texts.letters.paidWith[paidWith] : format.money(price)}`,
    },
    { title: texts.letters.due, cell: ({ deliverAt }) => format.instant(deliverAt) },
    { title: texts.credits.status, cell: (delivery) => <DeliveryState delivery={delivery} /> },
  ];
  return (
    <PagedTable
      label={texts.letters.deliveries}
      query={query}
      columns={columns}
      empty={texts.letters.noDeliveries}
    />
  );
}

function DeliveryState({ delivery }: { delivery: Delivery }): ReactElement {
  const { status, heldSince, receiptUrl } = delivery;
  return (
    <span className="row">
      <span className={`tag ${TONES[status]}`}>{texts.letters.deliveryStatus[status]}</span>
      {heldSince !== undefined && <span className="small">{texts.letters.held}</span>}
      {receiptUrl !== undefined && <a href={receiptUrl}>{texts.letters.receipt}</a>}
      {(status === 'scheduled' || status === 'pending_payment') && <CancelDelivery id={delivery.id} />}
    </span>
  );
}
