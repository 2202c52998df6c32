import { describe, expect, it } from '@jest/globals';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { parseStripeSettings } from '../../lib/stripe-settings.ts';
import { functionNameOf, LETTERS, referenceIn, resourcesOf, templateOf } from './template.ts';

const PRICES = { price_1Abc: { plan: 'pro', interval: 'month' } };
const template = templateOf();

function settingsOf(context: Record<string, unknown>): ReturnType<typeof parseStripeSettings> {
  return parseStripeSettings((key) => context[key], LETTERS.config.catalogue);
}

function variablesOf(name: string): Record<string, unknown> {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(
    ([, resource]) => functionNameOf(resource) === name,
  );
  return (found?.[1].Properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
}

function queue(idPart: string): { id: string; properties: Record<string, unknown> } {
  const [id, resource] =
    resourcesOf(template, 'AWS::SQS::Queue').find(([each]) => each.startsWith(idPart)) ?? [];
  return { id: id ?? '', properties: resource?.Properties ?? {} };
}

describe('what the context says of Stripe', () => {
  it('may be nothing: then nothing is sold', () => {
    expect(settingsOf({})).toEqual({ pricesJson: '{}', apiUrl: '' });
  });

  it.each([
    ['as text', JSON.stringify(PRICES)],
    ['as an object', PRICES],
  ])('names prices %s', (_, stripePrices) => {
    expect(settingsOf({ stripePrices, stripeApiUrl: 'http://127.0.0.1:1' })).toEqual({
      pricesJson: JSON.stringify(PRICES),
      apiUrl: 'http://127.0.0.1:1',
    });
  });

  it.each<[string, unknown]>([
    ['stripePrices', '{'],
    ['stripePrices', '[1]'],
    ['stripePrices', 'null'],
    ['stripePrices', { prod_1: { plan: 'pro', interval: 'month' } }],
    ['stripePrices', { price_1: { plan: 'none', interval: 'month' } }],
    ['stripePrices', { price_1: { plan: 'pro', interval: 'week' } }],
    ['stripePrices', { price_1: { plan: 'pro', interval: 'month', amount: 1 } }],
    ['stripePrices', { price_1: null }],
    ['stripeApiUrl', 'localhost'],
    ['stripeApiUrl', 'javascript:alert(1)'],
  ])('%s is refused as %j', (key, value) => {
    expect(() => settingsOf({ [key]: value })).toThrow(/-c /);
  });
});

describe('the events of Stripe', () => {
  const events = queue('PaymentsEvents');
  const dead = queue('Paymentsunprocessedstripeevents');

  it('G12: are tried twelve times, and then go to where they are kept', () => {
    expect(events.properties).toMatchObject({
      VisibilityTimeout: 120,
      RedrivePolicy: { maxReceiveCount: 12 },
    });
    const policy = events.properties['RedrivePolicy'] as { deadLetterTargetArn: unknown };
    expect(referenceIn(policy.deadLetterTargetArn)).toBe(dead.id);
  });

  it('G12: are handed to functions that report single failures, in the time that a message is theirs', () => {
    const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping')
      .map(([, { Properties }]) => Properties)
      .filter(({ EventSourceArn }) => [events.id, dead.id].includes(referenceIn(EventSourceArn) ?? ''));
    expect(mappings).toHaveLength(2);
    const functions = new Map(resourcesOf(template, 'AWS::Lambda::Function'));
    for (const { FunctionName, EventSourceArn, ...mapping } of mappings) {
      expect(mapping).toMatchObject({ BatchSize: 5, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      const source = referenceIn(EventSourceArn) === events.id ? events : dead;
      const timeout = Number(functions.get(referenceIn(FunctionName) ?? '')?.Properties['Timeout']);
      // SQS hides a message for half a minute unless told.
      expect(timeout).toBeLessThanOrEqual(Number(source.properties['VisibilityTimeout'] ?? 30));
    }
  });

  it('are verified with the keys that the owner sets, of which a new stack has none', () => {
    const secrets = resourcesOf(template, 'AWS::SecretsManager::Secret');
    const [id, secret] = secrets.find(([each]) => each.startsWith('PaymentsStripeKeys')) ?? [];
    expect(secret?.Properties['SecretString']).toBe('{"secretKey":"","webhookSecret":""}');
    for (const name of ['webhooks', 'billing', 'purchases', 'deliveries', 'reconciler', 'stripe-events']) {
      expect(referenceIn(variablesOf(name)[VARIABLES.stripeSecretId])).toBe(id);
    }
  });
});
