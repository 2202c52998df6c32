import '../support/silent-functions.ts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { keepFailedEvent, readFailedEvent } from '../../lambdas/adapters/dynamodb/failed-events.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { contextWith, httpEvent, NOW } from '../support/http-event.ts';
import { LOCAL_AWS, plentyOfTime, useTable } from '../support/table.ts';

const { store, endpoint } = useTable();

beforeAll(() => {
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint(),
    AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:9',
    [VARIABLES.table]: store().table,
    [VARIABLES.catalogueSince]: '0',
    [VARIABLES.stage]: 'test',
    [VARIABLES.stripeEventsQueueUrl]: 'http://127.0.0.1:9/000000000000/nobody-answers',
  });
});

describe('an event that failed', () => {
  it('G12: stays when the queue does not take it', async () => {
    const event = {
      id: 'evt_1',
      type: 'invoice.paid',
      reason: 'tries_used_up',
      failedAt: NOW,
      body: '{}',
    } as const;
    await keepFailedEvent(store(), event, plentyOfTime());
    const { handler } = await import('../../lambdas/api/failed-events.ts');
    const request = httpEvent({
      method: 'POST',
      path: '/admin/failed-events/{id}/redrive',
      parameters: { id: event.id },
      claims: { sub: 'admin', scope: 'admin' },
    });
    const { statusCode } = await handler(request, contextWith(20_000));
    expect(statusCode).toBeGreaterThanOrEqual(500);
    expect(await readFailedEvent(store(), event.id, plentyOfTime())).toMatchObject({ id: event.id });
  });
});
