import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { functionNameOf, referenceIn, resourcesOf, templateOf } from './template.ts';

const template = templateOf();

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

describe('the events of Stripe', () => {
  const events = queue('PaymentsEvents');
  const dead = queue('Paymentsunprocessedstripeevents');

  it('G12: are tried as often as SQS allows, and then go to where they are kept', () => {
    expect(events.properties).toMatchObject({
      VisibilityTimeout: 540,
      RedrivePolicy: { maxReceiveCount: 1_000 },
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
    for (const name of [
      'webhooks',
      'billing',
      'purchases',
      'deliveries',
      'reconciler',
      'stripe-events',
      'check-stripe',
    ]) {
      expect(referenceIn(variablesOf(name)[VARIABLES.stripeSecretId])).toBe(id);
    }
  });

  it('are checked every day: the account at Stripe is compared with what the stack needs', () => {
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 day)',
      State: 'ENABLED',
      Target: {
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('StripeCheckcheckstripeFunction'), 'Arn'] },
        Input: '{"now":"<aws.scheduler.scheduled-time>"}',
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('failedstripechecks'), 'Arn'] } },
      },
    });
  });
});
