import { describe, expect, it } from '@jest/globals';
import { catalogueOf } from '../../lambdas/domain/catalogue.ts';
import { snapshotOf } from '../../lambdas/wiring/catalogue-snapshot.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { functionNameOf, LETTERS, referenceIn, resourcesOf, templateOf, withoutBundles } from './template.ts';

const template = templateOf();
const [[id, record] = ['', null], ...others] = resourcesOf(template, 'Custom::PostageCatalogue');

function environmentOf(name: string): Record<string, unknown> {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(
    ([, each]) => functionNameOf(each) === name,
  );
  return (found?.[1].Properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
}

describe('the catalogue that is deployed', () => {
  it('G14: is recorded whole, by the function for it', () => {
    expect(others).toEqual([]);
    const { ServiceToken, ServiceTimeout, ...snapshot } = record?.Properties ?? {};
    expect(referenceIn(ServiceToken)).toMatch(/^Cataloguerecordcatalogue/);
    expect(ServiceTimeout).toBe('300');
    expect(snapshot).toEqual(snapshotOf(LETTERS.config.catalogue));
    expect(catalogueOf(JSON.parse(String(snapshot['file'])) as never, 0)).toEqual(
      catalogueOf(LETTERS.config.catalogue, 0),
    );
  });

  it('G14: is known to the functions with the instant from which it holds', () => {
    for (const name of ['letters', 'consumption', 'rollover-page', 'stripe-events', 'reconciler', 'outbox']) {
      expect(environmentOf(name)[VARIABLES.catalogueSince]).toEqual({ 'Fn::GetAtt': [id, 'Since'] });
    }
    expect(environmentOf('record-catalogue')).not.toHaveProperty(VARIABLES.catalogueSince);
  });
});

describe('the stages of the file', () => {
  const ofStage = (stage: string, context = {}) =>
    withoutBundles({ told: { stage }, context, checksRules: false }, (stack) => stack.stackName);

  it('are those that can be deployed', () => {
    expect(ofStage('dev')).toBe('Postage-dev');
    expect(ofStage('prod')).toBe('Postage-prod');
    expect(() => ofStage('staging')).toThrow(
      'The owner\'s file has no stage "staging". Choose one with -c stage=…: dev, prod',
    );
  });

  it('say where users come back to from Stripe', () => {
    for (const name of ['billing', 'purchases']) {
      expect(environmentOf(name)[VARIABLES.appUrl]).toBe(LETTERS.config.stages['dev']?.appUrl);
    }
  });

  it.each(['config', 'issuer', 'emailFrom', 'stripeApiUrl', 'trialDays'])('are not told by -c %s', (key) => {
    expect(() => ofStage('dev', { [key]: '1' })).toThrow(`"-c ${key}" is not known`);
  });

  it('leave to CDK what it keeps in the context', () => {
    expect(ofStage('dev', { 'cli-telemetry': false, '@aws-cdk/core:x': true })).toBe('Postage-dev');
  });
});
