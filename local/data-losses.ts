/** What a deployment would do to the resources that hold data, by the two templates. */
import * as z from 'zod/mini';

/** What holds data, in words, and what AWS can't change in place. A test compares the types with what the stack has. */
const HOLDS_DATA: Readonly<Record<string, { words: string; fixed: readonly string[] }>> = {
  'AWS::DynamoDB::Table': { words: 'table', fixed: ['TableName', 'KeySchema', 'LocalSecondaryIndexes'] },
  'AWS::Cognito::UserPool': {
    words: 'user pool',
    fixed: ['AliasAttributes', 'UsernameAttributes', 'UsernameConfiguration'],
  },
  'AWS::S3::Bucket': { words: 'bucket', fixed: ['BucketName'] },
  'AWS::SQS::Queue': { words: 'queue', fixed: ['QueueName', 'FifoQueue'] },
  'AWS::SecretsManager::Secret': { words: 'secret', fixed: ['Name'] },
};

export const TYPES_WITH_DATA = Object.keys(HOLDS_DATA);

const resource = z.object({
  Type: z.string(),
  Properties: z.optional(z.record(z.string(), z.unknown())),
  DeletionPolicy: z.optional(z.string()),
  UpdateReplacePolicy: z.optional(z.string()),
  Metadata: z.optional(z.object({ 'aws:cdk:path': z.optional(z.string()) })),
});
const template = z.object({ Resources: z.record(z.string(), resource) });

type Resource = z.infer<typeof resource>;

/**
 * In a sentence each: what would be removed, replaced, or no longer kept.
 *
 * @param before the template that is deployed
 */
export function dataLosses(before: unknown, after: unknown): string[] {
  const { Resources: planned } = z.parse(template, after);
  return Object.entries(z.parse(template, before).Resources).flatMap(([id, deployed]) => {
    const { words, fixed } = HOLDS_DATA[deployed.Type] ?? {};
    return words === undefined
      ? []
      : lossesOf(deployed, planned[id], `The ${words} ${pathOf(id, deployed)}`, fixed);
  });
}

function lossesOf(
  before: Resource,
  after: Resource | undefined,
  subject: string,
  fixed: readonly string[] = [],
): string[] {
  if (after?.Type !== before.Type) {
    return [`${subject} would be removed. ${fateOf(before.DeletionPolicy)}`];
  }
  const changed = fixed.filter((name) => !isSame(before.Properties?.[name], after.Properties?.[name]));
  if (changed.length > 0) {
    return [
      `${subject} would be replaced by an empty one, since its ${changed.join(' and ')} can't be changed in place. ${fateOf(after.UpdateReplacePolicy)}`,
    ];
  }
  return before.DeletionPolicy === 'Retain' && after.DeletionPolicy !== 'Retain'
    ? [`${subject} would no longer outlive the stack.`]
    : [];
}

function fateOf(policy: string | undefined): string {
  return policy === 'Retain'
    ? 'It would stay in the account with what it holds, and nothing would use it.'
    : 'What it holds would be lost.';
}

/** Objects compare by their members, whatever their order. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .map(([name, each]) => [name, sorted(each)] as const)
          .sort(([one], [other]) => one.localeCompare(other)),
      )
    : value;
}

/** Where the code has it: `Data/Table`. */
function pathOf(id: string, { Metadata }: Resource): string {
  const [, ...path] = (Metadata?.['aws:cdk:path'] ?? '').split('/');
  return path.length === 0 ? id : path.filter((part) => part !== 'Resource').join('/');
}
