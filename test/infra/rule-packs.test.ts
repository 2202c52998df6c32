import { describe, expect, it, jest } from '@jest/globals';
import { App, type Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { type Told, withoutBundles } from './template.ts';

// The packs load most of the CDK.
jest.setTimeout(120_000);

function synthesize(stack: Stack): void {
  if (App.isApp(stack.node.root)) {
    stack.node.root.synth();
  }
}

const RESTORED_STREAM =
  'arn:aws:dynamodb:eu-central-1:123456789012:table/restored/stream/2026-03-11T00:00:00.000';

describe('the rule packs AwsSolutions and Serverless', () => {
  it.each<Told>([
    {},
    { stage: 'prod' },
    {
      stage: 'prod',
      gradual: true,
      canary: true,
      table: { name: 'restored', streamArn: RESTORED_STREAM },
      tracing: true,
      backupCopy: 'arn:aws:backup:eu-central-1:210987654321:backup-vault:copies',
    },
    { issuer: { url: 'https://login.example.com/', audience: ['postage'] } },
    { edge: { requestsPerFiveMinutes: 2_000 } },
    { page: {} },
  ])('find nothing that is not acknowledged: %j', (told) => {
    expect(() => withoutBundles({ told, checksRules: true }, synthesize)).not.toThrow();
  });

  it('stop the synthesis when they find something', () => {
    const withPlainQueue = (stack: Stack): void => {
      new Queue(stack, 'Plain');
      synthesize(stack);
    };

    expect(() => withoutBundles({ told: {}, checksRules: true }, withPlainQueue)).toThrow(
      /Acknowledge with 'AwsSolutions::AwsSolutions-SQS4'/,
    );
  });
});
