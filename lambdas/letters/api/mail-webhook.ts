import { takeStep } from '../commands/take-step.ts';
import { createStore } from '../../adapters/dynamodb/store.ts';
import { createLobKeyReader } from '../adapters/senders/lob.ts';
import { isSignedByLob, type MailStatus, readLobEvent } from '../adapters/senders/lob-events.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type ProviderReport, reportDelivery } from '../domain/delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/mail-webhook.ts';
import { httpHandler } from '../../http/handler.ts';
import { type Answer, operation } from '../../http/operation.ts';
import { malformed, notConfigured, wronglySigned } from '../../http/problems.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const readKeys = createLobKeyReader(requiredVariable('mailSecretId'));

type Receipt = Answer<typeof contracts.receiveMailStatus.answers>;

const receive = operation(contracts.receiveMailStatus, async ({ body, header, now, deadline }) => {
  const { webhookSecret } = await readKeys();
  if (webhookSecret === '') {
    return notConfigured('Physical mails are not set up yet.');
  }
  const signed = {
    body,
    signature: header('lob-signature'),
    timestamp: header('lob-signature-timestamp'),
  };
  if (!isSignedByLob(signed, webhookSecret, now)) {
    return wronglySigned('Lob-Signature');
  }
  const read = readLobEvent(body);
  switch (read.outcome) {
    case 'unreadable':
      return malformed('The body is no event of Lob’s.');
    case 'ignored':
      return ignored(read.because);
    case 'status':
      return apply(read.status, now, deadline);
  }
});

async function apply(
  { userId, deliveryId, providerId, result }: MailStatus,
  now: Instant,
  deadline: Deadline,
): Promise<Receipt> {
  const report: ProviderReport =
    result === 'sent' ? { providerId, result } : { providerId, result, failure: 'not_mailed' };
  const step = await takeStep(store, { userId, id: deliveryId, now, deadline }, (delivery) =>
    reportDelivery(delivery, report, now),
  );
  switch (step.outcome) {
    case 'changed':
      return { status: 200, body: { outcome: 'applied' } };
    case 'unchanged':
      return { status: 200, body: { outcome: 'unchanged' } };
    case 'refused':
      return ignored(step.refusal);
    case 'missing':
    case 'erased':
      return ignored('unknown_delivery');
  }
}

function ignored(because: string): Receipt {
  return { status: 200, body: { outcome: 'ignored', because } };
}

export const handler = httpHandler([receive]);
