import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod/mini';
import { TABLE_SCHEMA } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { type FunctionName, type ResourceName, RIGHTS } from '../../lib/rights.ts';
import type { RecordedCall } from './support/recorded-calls.ts';
import { physicalNames, type Stack, useStack } from './support/stack.ts';
import { UNUSED_RIGHTS, type UnusedRight } from './unused-rights.ts';

/**
 * Runs last: compares what the functions have called, in all suites, with what they may. That a role has the
 * statements of `lib/rights.ts`, and no others, is tested on the template.
 */

const stack = useStack();

const recordedCall: z.ZodMiniType<RecordedCall> = z.object({
  functionName: z.string(),
  action: z.string(),
  resource: z.string(),
  key: z.nullable(z.string()),
});

interface Call {
  function: FunctionName;
  action: string;
  on: ResourceName | `unknown: ${string}`;
  key: string | null;
}

const lambdaResource = z.object({
  Type: z.literal('AWS::Lambda::Function'),
  Properties: z.object({ Tags: z.array(z.object({ Key: z.string(), Value: z.unknown() })) }),
});

/** Whose function it is, by the name that it has got: a tag of the template tells. */
async function functionsByName({ name }: Stack): Promise<Map<string, FunctionName>> {
  const { TemplateBody = '' } = await new CloudFormationClient().send(
    new GetTemplateCommand({ StackName: name }),
  );
  const template = z.parse(
    z.object({ Resources: z.record(z.string(), z.unknown()) }),
    JSON.parse(TemplateBody),
  );
  const names = await physicalNames(name, 'AWS::Lambda::Function');
  const functions = new Map<string, FunctionName>();
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    const lambda = z.safeParse(lambdaResource, resource);
    const tag = lambda.data?.Properties.Tags.find(({ Key }) => Key === 'function')?.Value;
    const isKnown = (value: unknown): value is FunctionName => typeof value === 'string' && value in RIGHTS;
    if (isKnown(tag)) {
      functions.set(String(names.get(logicalId)), tag);
    }
  }
  return functions;
}

function resourceName(resource: string, { outputs }: Stack): Call['on'] {
  const executions = outputs.RolloverStateMachineArn.replace(':stateMachine:', ':execution:');
  switch (resource) {
    case outputs.TableName:
      return 'table';
    case TABLE_SCHEMA.listIndex.name:
      return 'listIndex';
    case TABLE_SCHEMA.dueIndex.name:
      return 'dueIndex';
    case outputs.CronSecretArn:
      return 'cronSecret';
    case outputs.GiftSecretArn:
      return 'giftSecret';
    case outputs.RolloverStateMachineArn:
      return 'rolloverStateMachine';
    case outputs.MailSecretArn:
      return 'mailSecret';
    case outputs.StripeSecretArn:
      return 'stripeSecret';
    case outputs.EventBusName:
      return 'eventBus';
    case 'letters@example.com':
      return 'emailAddress';
    case outputs.FailedRecordsBucketName:
      return 'failedRecords';
    default:
      if (/:function:Postage-\w+-Reconcilerreconciler/.test(resource)) {
        return 'reconciler';
      }
      if (/\/Postage-\w+-PaymentsEvents/.test(resource)) {
        return 'stripeEvents';
      }
      return resource.startsWith(`${executions}:`) ? 'rolloverExecutions' : `unknown: ${resource}`;
  }
}

function isAllowed({ function: name, action, on, key }: Call): boolean {
  return RIGHTS[name].some((right) => {
    const isOnKey = right.keys === undefined || [right.keys].flat().some((keys) => matches(keys, key));
    return right.actions.some((each) => each === action) && right.on.some((each) => each === on) && isOnKey;
  });
}

/** As IAM's `StringLike` does with a pattern whose only `*` is its end. */
function matches(pattern: string, key: string | null): boolean {
  expect(pattern).toMatch(/^[^*?]+\*$/);
  return key?.startsWith(pattern.slice(0, -1)) ?? false;
}

interface GivenRight {
  name: string;
  action: string;
  on: string;
  /** Which items, by a pattern of their partition keys; null where no right is on items alone. */
  keys: string | null;
}

/** Every action on every resource, and on every kind of item, that a function may. */
function givenRights(): GivenRight[] {
  return Object.entries(RIGHTS).flatMap(([name, rights]) =>
    rights.flatMap(({ actions, on: resources, keys = null }) =>
      actions.flatMap((action) =>
        resources.flatMap((on) => [keys].flat().map((pattern) => ({ name, action, on, keys: pattern }))),
      ),
    ),
  );
}

describe('the rights of the functions', () => {
  let calls: Call[] = [];

  beforeAll(async () => {
    const lines = readFileSync(String(process.env['POSTAGE_RECORDED_CALLS']), 'utf8').trim().split('\n');
    const functions = await functionsByName(stack());
    calls = lines
      .map((line) => z.parse(recordedCall, JSON.parse(line)))
      .filter(({ functionName }) => functionName.startsWith(`${stack().name}-`))
      .map(({ functionName, action, resource, key }) => {
        const name = functions.get(functionName);
        if (name === undefined) {
          throw new Error(`The template has no function ${functionName}.`);
        }
        return { function: name, action, on: resourceName(resource, stack()), key };
      });
  });

  it('cover every call that a function has made', () => {
    const withoutRight = calls.filter((call) => !isAllowed(call));
    const told = withoutRight.map(
      ({ function: name, action, on, key }) => `${name}: ${action} on ${on}, ${key}`,
    );
    expect([...new Set(told)]).toEqual([]);
  });

  it('are each needed by a call, but for those that are listed with their reason', () => {
    const given = givenRights();
    const told = (rights: readonly GivenRight[]): string[] => [
      ...new Set(rights.map(({ name, action, on, keys }) => `${name}: ${action} on ${on}, ${keys ?? 'any'}`)),
    ];
    const unused = given.filter(({ name, action, on, keys }) =>
      calls.every(
        (call) =>
          call.function !== name ||
          call.action !== action ||
          call.on !== on ||
          (keys !== null && !matches(keys, call.key)),
      ),
    );
    const isListedAs =
      (right: UnusedRight) =>
      ({ name, action, on, keys }: GivenRight): boolean =>
        right.function === name &&
        right.action === action &&
        right.on === on &&
        (right.keys === undefined || right.keys === keys);
    const listed = given.filter((right) => UNUSED_RIGHTS.some((each) => isListedAs(each)(right)));
    const isSometimesUsed = (right: GivenRight): boolean =>
      UNUSED_RIGHTS.some((each) => each.isSometimesUsed === true && isListedAs(each)(right));
    const always = (rights: readonly GivenRight[]): string[] =>
      told(rights.filter((right) => !isSometimesUsed(right))).toSorted();
    expect(always(unused)).toEqual(always(listed));
    expect(UNUSED_RIGHTS.filter((right) => !given.some(isListedAs(right)))).toEqual([]);
  });
});
