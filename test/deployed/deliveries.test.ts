import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { createHmac, randomUUID } from 'node:crypto';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { getDelivery } from '../../lambdas/letters/adapters/records.ts';
import { deductMailCredit, trackEmailDelivery } from '../../lambdas/letters/commands/schedule-delivery.ts';
import { trackLetterCreation } from '../../lambdas/letters/commands/create-letter.ts';
import { available } from '../../lambdas/domain/credits.ts';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import { givePlan } from '../../local/local-subscription.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { readSecret } from '../e2e/support/stack.ts';
import { useStack } from './support/stack.ts';

const stack = useStack();
const DEADLINE_MS = 10_000;

let userId = '';
let letterId = '';

beforeAll(async () => {
  // SES sends between the addresses of a domain that is verified.
  await new SESv2Client().send(new CreateEmailIdentityCommand({ EmailIdentity: 'example.com' }));
  const { store } = stack();
  userId = randomUUID();
  letterId = randomUUID();
  const now = Date.now();
  const subscription = { status: 'active' as const, id: 'sub_1', interval: 'month' as const, endsAt: null };
  const facts = { plan: 'pro' as const, anchor: now - 1_000, subscription };
  await givePlan(store, userId, facts, now, deadlineIn(DEADLINE_MS));
  await trackLetterCreation(store, contextOf(letterId), { title: 'To myself', body: 'Still there?' });
});

function contextOf(id: string) {
  return { userId, id, fingerprint: 'f', now: Date.now(), deadline: deadlineIn(DEADLINE_MS) };
}

async function readDelivery(id: string): Promise<Delivery | null> {
  return getDelivery(stack().store, userId, id, deadlineIn(DEADLINE_MS));
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await readDelivery(id))?.status;
}

async function creditsLeft(): Promise<number> {
  const { account } = await readAccount(stack().store, userId, Date.now(), deadlineIn(DEADLINE_MS));
  return available(account.credits);
}

async function ask(
  path: string,
  headers: Record<string, string>,
  body: string | null = null,
): Promise<Response> {
  return fetch(`${String(process.env['POSTAGE_URL'])}${path}`, { method: 'POST', headers, body });
}

/** Hands the delivery over at once: its instant has passed already. */
async function handOver(id: string): Promise<void> {
  const secret = await readSecret(stack().outputs.CronSecretArn);
  const run = await ask('/cron/reconcile-deliveries', { authorization: `Bearer ${secret}` });
  expect(await run.json()).toMatchObject({ errorCount: 0 });
  expect(await statusOf(id)).not.toBe('scheduled');
}

async function mailHandedOver(): Promise<string> {
  const id = randomUUID();
  const recipient = { name: 'Ada', line1: 'Square 1', city: 'London', postalCode: 'SW1Y 4JH', country: 'GB' };
  const mail = { letterId, deliverAt: Date.now() - 1, recipient };
  await deductMailCredit(stack().store, contextOf(id), mail);
  await handOver(id);
  return id;
}

describe('a delivery that is due', () => {
  it('goes out through the bus, a queue and SES, and is answered', async () => {
    const id = randomUUID();
    const email = { letterId, deliverAt: Date.now() - 1, recipient: { email: 'ada@example.com' } };
    await trackEmailDelivery(stack().store, contextOf(id), email);
    await handOver(id);
    const sent = await eventually('an e-mail that was sent', async () => {
      const delivery = await readDelivery(id);
      return delivery?.status === 'sent' ? delivery : null;
    });
    expect(sent).toMatchObject({ dispatch: { attempts: 1, providerId: expect.any(String) } });
  });

  it('G11: can be answered by any sender on the bus, and gives its credit back when it failed', async () => {
    const before = await creditsLeft();
    const deliveryId = await mailHandedOver();
    expect(await creditsLeft()).toBe(before - 1);
    const Detail = JSON.stringify({ userId, deliveryId, attempt: 1, failure: 'no_stamp' });
    const { EventBusName } = stack().outputs;
    const answer = { EventBusName, Source: 'postage.sender', DetailType: 'DeliveryFailed', Detail };
    await new EventBridgeClient().send(new PutEventsCommand({ Entries: [answer, answer] }));
    await eventually('a mail that has failed', async () =>
      (await statusOf(deliveryId)) === 'failed' ? true : null,
    );
    expect(await creditsLeft()).toBe(before);
  });
});

describe('Lob’s webhook', () => {
  let former = '';

  const keep = (SecretString: string): Promise<unknown> => {
    const SecretId = stack().outputs.MailSecretArn;
    return new SecretsManagerClient().send(new PutSecretValueCommand({ SecretId, SecretString }));
  };

  beforeAll(async () => {
    former = await readSecret(stack().outputs.MailSecretArn);
  });

  // The suite may run again on the same stack.
  afterAll(() => keep(former));

  it('G11: is not set up before its secret is there, and then takes what is signed with it', async () => {
    const before = await creditsLeft();
    const deliveryId = await mailHandedOver();
    const metadata = {
      postage_delivery: deliveryId,
      postage_user: Buffer.from(userId).toString('base64url'),
    };
    const tell = async (type: string, secret = 'the secret'): Promise<number> => {
      const body = JSON.stringify({ event_type: { id: type }, body: { id: 'ltr_1', metadata } });
      const timestamp = String(Date.now());
      const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
      const headers = { 'lob-signature': signature, 'lob-signature-timestamp': timestamp };
      return (await ask('/webhooks/mail', headers, body)).status;
    };
    expect(await tell('letter.mailed')).toBe(503);

    await keep(JSON.stringify({ apiKey: '', webhookSecret: 'the secret' }));
    // The function keeps what it has read for a minute.
    await eventually(
      'an answer that the secret is known',
      async () => ((await tell('letter.mailed')) === 200 ? true : null),
      90_000,
    );
    expect(await statusOf(deliveryId)).toBe('sent');
    expect(await tell('letter.failed', 'another secret')).toBe(401);
    expect(await tell('letter.failed')).toBe(200);
    expect(await statusOf(deliveryId)).toBe('failed');
    expect(await creditsLeft()).toBe(before);
  });
});
