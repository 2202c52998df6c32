import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** CDK's words for the numbers that CloudWatch takes. */
const DAYS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/**
 * A log group that forgets after what the stage says, three months unless told, and goes with the stack. Every log of the stack is
 * one of these.
 *
 * @param name the last part of the name, for what AWS delivers itself. Under another name than `/aws/vendedlogs/`, each such log
 * would lengthen the account's one policy for them, which has a limit
 */
export function createLogGroup(
  scope: Construct,
  id: string,
  { retention, ...stage }: Stage,
  name?: string,
): LogGroup {
  return new LogGroup(scope, id, {
    retention: DAYS.find((days) => Number(days) === retention?.logDays) ?? RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(name === undefined ? {} : { logGroupName: `/aws/vendedlogs/postage-${stage.name}/${name}` }),
  });
}
