import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useState } from 'react';
import { answerOf } from '../api/client.ts';
import type { Schemas } from '../api/schemas.ts';
import { type Failure, failureIn, isDecided, problemIn } from '../api/failure.ts';
import { OWN } from '../api/reads.ts';
import { useWords } from '../catalogue/use-words.ts';
import { Dialog } from '../components/dialog.tsx';
import { FailureNotice } from '../components/failure-text.tsx';
import { Notice } from '../components/notice.tsx';
import { format } from '../format/reader.ts';
import { Submitting } from '../forms/submitting.tsx';
import { useSubmission } from '../forms/use-submission.ts';
import { usePage } from '../page-context.ts';
import { linesOnlyIn, planLines } from '../pages/plans/plan-lines.ts';
import { texts } from '../texts/texts.ts';
import type { ChangePlanProps } from './change-plan-props.ts';
import { askBank } from './stripe-js.ts';
import { BusyButton } from '../components/busy-button.tsx';

type Preview = Schemas['ChangePreview'];

type Step = 'form' | 'bank';

/** What a change gains, loses and costs; it can be made once that is known, and not before. */
export function ChangePlanDialog(props: ChangePlanProps & { onClose: () => void }): ReactElement {
  const { plan, interval, onClose } = props;
  const { api, config } = usePage();
  const queries = useQueryClient();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [step, setStep] = useState<Step>('form');
  const preview = useQuery({
    queryKey: [...OWN, 'preview', plan.id, interval],
    queryFn: () =>
      answerOf(api.letters.GET('/billing/preview', { params: { query: { plan: plan.id, interval } } })),
    staleTime: 0,
    gcTime: 0,
  });
  const afterFailure = async (failure: Failure, again: (input: null) => void): Promise<void> => {
    const action = problemIn(failure, 'payment_action_required');
    if (action === null) {
      setStep('form');
      if (isDecided(failure)) {
        setKey(crypto.randomUUID());
      }
      return;
    }
    // The dialog gives way: the bank's own one must be on top, and be typed into.
    setStep('bank');
    const outcome = await askBank(config, action.clientSecret).catch(() => 'not possible' as const);
    if (outcome === 'answered') {
      // The same request under the same key tells how it went.
      again(null);
    } else {
      setStep('form');
    }
  };
  const submission = useSubmission(
    () =>
      answerOf(
        api.letters.POST('/billing/plan-changes', {
          params: { header: { 'Idempotency-Key': key } },
          body: { plan: plan.id, interval },
        }),
      ),
    (change) => {
      props.onChanged(doneText(change, plan.title));
      onClose();
      void queries.invalidateQueries({ queryKey: OWN });
    },
    (failure, _input: null, again) => void afterFailure(failure, again),
  );
  const { isBusy, waiting } = submission;
  const close = (): void =>
    submission.leave(() => {
      onClose();
      if (waiting !== null) {
        // An earlier try may have got through.
        void queries.invalidateQueries({ queryKey: OWN });
      }
    });
  if (step === 'bank') {
    return <Notice tone="info" title={texts.letters.bank} isLive />;
  }
  return (
    <Dialog
      isOpen
      title={texts.plans.previewTitle(plan.title)}
      onClose={close}
      actions={
        <>
          <button type="button" className="button" aria-disabled={isBusy && waiting === null} onClick={close}>
            {texts.plans.back}
          </button>
          {preview.data !== undefined && (
            <BusyButton
              label={confirmText(preview.data, plan.title)}
              isBusy={isBusy}
              className="button button-primary"
              onPress={() => submission.submit(null)}
            />
          )}
        </>
      }
    >
      <Differences {...props} />
      {preview.data !== undefined && <Costs preview={preview.data} />}
      {preview.isPending && <p role="status">{texts.plans.previewLoading}</p>}
      {preview.error !== null && <FailureNotice failure={failureIn(preview.error)} />}
      <Submitting submission={submission} />
    </Dialog>
  );
}

function confirmText({ dueNow }: Preview, name: string): string {
  return dueNow.amountCents > 0 ? texts.plans.pay(format.money(dueNow), name) : texts.plans.confirm(name);
}

function doneText({ status, effectiveAt }: Schemas['BillingChange'], name: string): string {
  if (status !== 'done') {
    return texts.plan.underWay;
  }
  return effectiveAt !== null && Date.parse(effectiveAt) > Date.now()
    ? texts.plans.changesLater(name, format.instant(effectiveAt))
    : texts.plans.changed(name);
}

function Differences({ plan, catalogue, account }: ChangePlanProps): ReactNode {
  const words = useWords();
  const present = catalogue.plans.find(({ id }) => id === account.plan);
  const after = planLines(plan, catalogue, words);
  const before = present === undefined ? [] : planLines(present, catalogue, words);
  const tooMany = Object.entries(account.levels).flatMap(([id, { held }]) => {
    const limit = plan.limits[id] ?? 0;
    const { many } = words.titleOf(id);
    return typeof limit === 'number' && held > limit
      ? [texts.plans.exceeds(format.count(held), format.count(limit), many)]
      : [];
  });
  return (
    <>
      <Lines title={texts.plans.gained} lines={linesOnlyIn(after, before)} />
      <Lines title={texts.plans.lost} lines={linesOnlyIn(before, after)} />
      {tooMany.map((text) => (
        <Notice key={text} tone="warn" title={text} />
      ))}
    </>
  );
}

function Lines({ title, lines }: { title: string; lines: readonly string[] }): ReactNode {
  return lines.length === 0 ? null : (
    <div>
      <h3>{title}</h3>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}

function Costs({ preview: { way, dueNow, holdsFrom, next } }: { preview: Preview }): ReactElement {
  const { plans } = texts;
  return (
    <dl className="facts">
      <dt>{plans.dueNow}</dt>
      <dd>{dueNow.amountCents === 0 ? plans.nothingDue : format.money(dueNow)}</dd>
      <dt>{plans.holdsFrom}</dt>
      <dd>{way === 'at_once' ? plans.atOnce : format.instant(holdsFrom)}</dd>
      <dt>{plans.next}</dt>
      <dd>{plans.nextSum(format.money(next.price), format.day(next.at))}</dd>
    </dl>
  );
}
