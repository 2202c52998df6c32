import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useDeliveries, useLetter, useLetters } from '../../api/reads.ts';
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
  const columns: Column<Delivery>[] = [
    {
      title: texts.letters.letter,
      cell: ({ letterId }) => {
        const title = letters.find(({ id }) => id === letterId)?.title;
        return title === undefined ? <OlderTitle id={letterId} /> : <bdi className="wrap">{title}</bdi>;
      },
    },
    {
      title: texts.letters.channel,
      cell: ({ channel, paidWith, price }) =>
        `${texts.letters[channel]}, ${price === undefined ? texts.letters.paidWith[paidWith] : format.money(price)}`,
    },
    { title: texts.letters.due, cell: (delivery) => <Due delivery={delivery} /> },
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

/** Of a letter that is older than those at hand. */
function OlderTitle({ id }: { id: string }): ReactElement {
  const { data, isPending } = useLetter(id);
  return <bdi className="wrap">{data?.title ?? (isPending ? '…' : texts.letters.unknownLetter)}</bdi>;
}

/** As it was promised, and what that is for the reader where they live by other clocks. */
function Due({ delivery: { deliverAt, promisedAt } }: { delivery: Delivery }): ReactElement {
  return (
    <span>
      {promisedAt === undefined ? format.instant(deliverAt) : format.promised(promisedAt)}
      {promisedAt !== undefined && promisedAt.zone !== format.zone && (
        <span className="soft small second-line">{format.instant(deliverAt)}</span>
      )}
    </span>
  );
}

function DeliveryState({ delivery }: { delivery: Delivery }): ReactElement {
  const { status, heldSince, receiptUrl } = delivery;
  return (
    <span className="row">
      <span className={`tag ${TONES[status]}`}>{texts.letters.deliveryStatus[status]}</span>
      {heldSince !== undefined && <span className="small">{texts.letters.held}</span>}
      {receiptUrl !== undefined && <a href={receiptUrl}>{texts.letters.receipt}</a>}
      <CancelDelivery delivery={delivery} />
    </span>
  );
}
