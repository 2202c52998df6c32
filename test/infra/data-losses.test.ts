import { describe, expect, it } from '@jest/globals';
import { dataLosses, TYPES_WITH_DATA } from '../../local/data-losses.ts';
import { type Resource, type Told, templateOf } from './template.ts';

interface Written {
  Resources: Record<string, Resource>;
}

/** Without the paths that CDK adds when it synthesizes for the CLI. */
const written = (told: Told): Written => templateOf(told).toJSON() as unknown as Written;

const prod = written({ stage: 'prod' });
const dev = written({});

/** The template with other resources. */
function changed(template: Written, change: (resources: Written['Resources']) => void): Written {
  const copy = structuredClone(template);
  change(copy.Resources);
  return copy;
}

function idOf(type: string, like = ''): string {
  return (
    Object.keys(prod.Resources).find((id) => prod.Resources[id]?.Type === type && id.includes(like)) ?? ''
  );
}

const TABLE = idOf('AWS::DynamoDB::Table');
const POOL = idOf('AWS::Cognito::UserPool');
const QUEUE = idOf('AWS::SQS::Queue', 'Sendersemailsenderqueue');
const STAYS = 'It would stay in the account with what it holds, and nothing would use it.';

function setProperty(resources: Written['Resources'], id: string, name: string, value: unknown): void {
  const resource = resources[id];
  if (resource !== undefined) {
    resource.Properties[name] = value;
  }
}

describe('a deployment', () => {
  it('takes no data out of use when it changes nothing that holds any', () => {
    expect(dataLosses(prod, prod)).toEqual([]);
    const others = {
      appUrl: 'https://other.example.com',
      retention: { logDays: 30, backupDays: 7 },
    } as const;
    expect(dataLosses(prod, written({ stage: 'prod', ...others }))).toEqual([]);
  });

  it('that forgets the senders would remove their queues', () => {
    const losses = dataLosses(prod, written({ stage: 'prod', senders: null }));
    expect(losses).toHaveLength(4);
    expect(losses).toContain(`The queue ${QUEUE} would be removed. ${STAYS}`);
    expect(dataLosses(dev, written({ senders: null }))).toContain(
      `The queue ${QUEUE} would be removed. What it holds would be lost.`,
    );
  });

  it('with another issuer would remove the user pool', () => {
    const issuer = { url: 'https://login.example.com/', audience: ['postage'] };
    expect(dataLosses(prod, written({ stage: 'prod', issuer, signIn: null }))).toEqual([
      `The user pool ${POOL} would be removed. ${STAYS}`,
    ]);
  });

  it('of a stage that has become disposable would no longer keep its data', () => {
    const losses = dataLosses(prod, written({ stage: 'prod', disposable: true }));
    expect(losses).toContain(`The user pool ${POOL} would no longer outlive the stack.`);
    expect(losses).toContain(
      `The table ${TABLE} would be replaced by an empty one, since its TableName can't be changed in place. What it holds would be lost.`,
    );
  });

  it.each<[string, string, string, unknown]>([
    ['table', TABLE, 'KeySchema', [{ AttributeName: 'id', KeyType: 'HASH' }]],
    ['user pool', POOL, 'UsernameAttributes', ['phone_number']],
  ])('with another %s would replace it by an empty one', (words, id, property, value) => {
    const after = changed(prod, (resources) => setProperty(resources, id, property, value));
    expect(dataLosses(prod, after)).toEqual([
      `The ${words} ${id} would be replaced by an empty one, since its ${property} can't be changed in place. ${STAYS}`,
    ]);
  });

  it('names a resource as the code does', () => {
    const others = Object.entries(prod.Resources).filter(([id]) => id !== TABLE);
    const after = { Resources: Object.fromEntries(others) };
    const before = structuredClone(prod) as { Resources: Record<string, object> };
    Object.assign(before.Resources[TABLE] ?? {}, {
      Metadata: { 'aws:cdk:path': 'Postage-prod/Data/Table/Resource' },
    });
    expect(dataLosses(before, after)).toEqual([`The table Data/Table would be removed. ${STAYS}`]);
  });

  it('changes properties whose order alone differs without a loss', () => {
    const after = changed(prod, (resources) => {
      const keys = resources[TABLE]?.Properties['KeySchema'] as { AttributeName: string; KeyType: string }[];
      const turned = keys.map(({ AttributeName, KeyType }) => ({ KeyType, AttributeName }));
      setProperty(resources, TABLE, 'KeySchema', turned);
    });
    expect(dataLosses(prod, after)).toEqual([]);
  });
});

describe('what holds data', () => {
  it('is of the types that are kept in a protected stage, and each is compared', () => {
    const kept = Object.values(prod.Resources).filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
    expect(new Set(kept.map(({ Type }) => Type))).toEqual(new Set(TYPES_WITH_DATA));
  });
});
