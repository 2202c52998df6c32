import { CfnRule, Fn, Stack } from 'aws-cdk-lib';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** A rule of WAF that stops an address that asks too often. An HTTP API itself takes none. */
export function createWebAcl(
  scope: Construct,
  { requestsPerFiveMinutes }: NonNullable<Stage['edge']>,
): CfnWebACL {
  // What CloudFront uses is made there, and CloudFormation would say so only in the middle of a deployment.
  new CfnRule(scope, 'Region', {
    assertions: [
      {
        assert: Fn.conditionEquals(Stack.of(scope).region, 'us-east-1'),
        assertDescription:
          'A stage with edge is deployed to us-east-1: WAF keeps the rules for CloudFront there.',
      },
    ],
  });
  const metric = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: true,
    metricName,
  });
  return new CfnWebACL(scope, 'WebAcl', {
    scope: 'CLOUDFRONT',
    defaultAction: { allow: {} },
    visibilityConfig: metric('requests'),
    rules: [
      {
        name: 'rate-per-address',
        priority: 0,
        statement: {
          rateBasedStatement: {
            aggregateKeyType: 'IP',
            limit: requestsPerFiveMinutes,
            evaluationWindowSec: 300,
          },
        },
        action: { block: { customResponse: { responseCode: 429 } } },
        visibilityConfig: metric('rate-per-address'),
      },
    ],
  });
}
