import { describe, expect, it, jest } from '@jest/globals';
import { App, type Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { withoutBundles } from './template.ts';

// The packs load most of the CDK.
jest.setTimeout(120_000);

function synthesize(stack: Stack): void {
  if (App.isApp(stack.node.root)) {
    stack.node.root.synth();
  }
}

describe('the rule packs AwsSolutions and Serverless', () => {
  it.each([{}, { stage: 'prod' }, { issuer: 'https://login.example.com/', audience: 'postage' }])(
    'find nothing that is not acknowledged: %j',
    (context) => {
      expect(() => withoutBundles({ context, checksRules: true }, synthesize)).not.toThrow();
    },
  );

  it('stop the synthesis when they find something', () => {
    const withPlainQueue = (stack: Stack): void => {
      new Queue(stack, 'Plain');
      synthesize(stack);
    };

    expect(() => withoutBundles({ context: {}, checksRules: true }, withPlainQueue)).toThrow(
      /Acknowledge with 'AwsSolutions::AwsSolutions-SQS4'/,
    );
  });
});
