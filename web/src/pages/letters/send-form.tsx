import { type ReactElement, useEffect } from 'react';
import { faultsIn, problemIn } from '../../api/failure.ts';
import type { Schemas } from '../../api/schemas.ts';
import { useLetters } from '../../api/reads.ts';
import { Choices, Field, Select } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import { TypedSince } from '../../forms/typed-since.tsx';
import { useDraft } from '../../forms/use-draft.ts';
import { texts } from '../../texts/texts.ts';
import { AddressFields } from './address-fields.tsx';
import { CostLine } from './cost-line.tsx';
import { Loaded } from '../../components/section.tsx';
import { EMPTY_ORDER } from './order.ts';
import { PayDialog } from './pay-dialog.tsx';
import { useDelivery } from './use-delivery.ts';
import { WhenFields } from './when-fields.tsx';
import { BusyButton } from '../../components/busy-button.tsx';

const HEIGHT = 380;

/** Schedules a letter, by e-mail or by post. */
export function SendForm(): ReactElement {
  const draft = useDraft('delivery', { ...EMPTY_ORDER, zone: format.zone });
  const { step, submission, back, decline } = useDelivery(draft);
  const { values } = draft;
  const faults = faultsIn(submission.failure);
  const query = useLetters();
  const letters = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const [newest] = letters;
  const isLost = values.letterId === '' && newest !== undefined;
  const change = (changed: Partial<typeof values>): void => {
    if (step.at !== 'form') {
      back();
    }
    draft.change(changed);
  };
  useEffect(() => {
    if (isLost) {
      draft.change({ letterId: newest.id });
    }
  }, [draft, isLost, newest]);
  if (letters.length === 0) {
    return (
      <Loaded query={query} height={HEIGHT}>
        {() => <p className="empty">{texts.letters.noLetters}</p>}
      </Loaded>
    );
  }
  const isPricing = step.at === 'price' && problemIn(submission.failure, 'insufficient_credits') !== null;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submission.submit({ payAsYouGo: false });
      }}
    >
      <Select
        label={texts.letters.letter}
        value={values.letterId}
        onChange={(letterId) => change({ letterId })}
        error={faults.get('letterId')}
        options={letters.map(({ id, title }) => [id, title])}
        isRequired
      />
      {query.hasNextPage && (
        <div>
          <BusyButton
            label={texts.letters.olderLetters}
            isBusy={query.isFetchingNextPage}
            busyLabel={texts.states.loadingOlder}
            className="button button-quiet button-small"
            onPress={() => void query.fetchNextPage()}
          />
        </div>
      )}
      <Choices
        label={texts.letters.channel}
        value={values.channel === 'mail' ? 'mail' : 'email'}
        onChange={(channel) => change({ channel })}
        options={[
          ['email', texts.letters.email],
          ['mail', texts.letters.mail],
        ]}
      />
      <WhenFields values={values} faults={faults} onChange={change} />
      {values.channel === 'mail' ? (
        <AddressFields values={values} faults={faults} onChange={change} />
      ) : (
        <Field
          label={texts.letters.recipientEmail}
          type="email"
          value={values.email}
          onChange={(email) => change({ email })}
          error={faults.get('recipient.email')}
          autoComplete="email"
          isRequired
        />
      )}
      <CostLine channel={values.channel} />
      <div>
        <BusyButton
          label={texts.letters.schedule}
          isBusy={submission.isBusy}
          className="button button-primary"
        />
      </div>
      {step.at === 'bank' && (
        <Notice
          tone={'isImpossible' in step ? 'bad' : 'info'}
          title={'isImpossible' in step ? texts.letters.bankMissing : texts.letters.bank}
          isLive
        />
      )}
      {step.at === 'scheduled' && (
        <Notice
          tone="good"
          title={
            step.delivery.status === 'pending_payment'
              ? texts.letters.pending
              : texts.letters.scheduled(whenOf(step.delivery))
          }
          isLive
        />
      )}
      {step.at === 'scheduled' && step.hasMore && <TypedSince />}
      {step.at === 'stopped' && <Notice tone="info" title={texts.letters.stopped} isLive />}
      {!isPricing && step.at !== 'bank' && <Submitting submission={submission} />}
      {step.at === 'price' && (
        <PayDialog
          price={step.price}
          submission={submission}
          onPay={() => submission.submit({ payAsYouGo: true })}
          onClose={decline}
        />
      )}
    </form>
  );
}

function whenOf({ deliverAt, promisedAt }: Schemas['Delivery']): string {
  return promisedAt === undefined ? format.instant(deliverAt) : format.promised(promisedAt);
}
