import '../support/silent-functions.ts';
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { listFailedEvents, readFailedEvent } from '../../lambdas/adapters/dynamodb/failed-events.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { at } from '../support/accounts.ts';
import { exception } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { eventAbout, messageOf } from '../support/payments.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';

const table = useFaultyTable();
const NOW = at('2026-01-31');
let handler: (event: SQSEvent) => Promise<SQSBatchResponse>;
/** The metrics that were written to the log. */
let written: object[] = [];

beforeAll(async () => {
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: table.proxy().endpoint,
    [VARIABLES.table]: table.store().table,
    [VARIABLES.catalogueSince]: '0',
    [VARIABLES.stage]: 'test',
  });
  ({ handler } = await import('../../lambdas/jobs/failed-stripe-events.ts'));
});

beforeEach(() => {
  written = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(JSON.parse(String(text)) as object);
    return true;
  });
});

describe('the dead letters of Stripe', () => {
  it('G12: are kept whole, each once, and counted', async () => {
    const event = eventAbout('invoice.paid', { object: 'invoice', customer: 'cus_1' }, NOW);
    const body = `${JSON.stringify(event, null, 3)}\n`;
    const messages = [messageOf(body, NOW, 12), messageOf('{', NOW, 12)];
    expect(await handler({ Records: messages })).toEqual({ batchItemFailures: [] });
    expect(await readFailedEvent(table.store(), event.id, plentyOfTime())).toEqual({
      id: event.id,
      type: 'invoice.paid',
      reason: 'tries_used_up',
      failedAt: NOW,
      body,
    });
    const unreadable = await readFailedEvent(table.store(), messages[1]?.messageId ?? '', plentyOfTime());
    expect(unreadable).toMatchObject({ type: 'unknown', reason: 'tries_used_up', body: '{' });
    expect(written).toEqual([expect.objectContaining({ stage: 'test', StripeFailedEvents: [1, 1] })]);

    await handler({ Records: messages });
    const { items } = await listFailedEvents(table.store(), { limit: 10, after: null }, plentyOfTime());
    expect(items).toHaveLength(2);
  });

  it('G12: that could not be kept are reported, and stay where they are', async () => {
    const [one, two] = ['invoice.paid', 'invoice.payment_failed'].map((type) =>
      messageOf(JSON.stringify(eventAbout(type, { object: 'invoice' }, NOW)), NOW),
    );
    if (one === undefined || two === undefined) {
      throw new Error('There are two.');
    }
    table
      .proxy()
      .inject(({ body }) =>
        JSON.stringify(body).includes('payment_failed') ? exception('AccessDeniedException') : null,
      );
    expect(await handler({ Records: [one, two] })).toEqual({
      batchItemFailures: [{ itemIdentifier: two.messageId }],
    });
  });
});
