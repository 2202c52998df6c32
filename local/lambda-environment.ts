import { VARIABLES } from '../lambdas/environment.ts';
import { STATE_MACHINE_ARN } from './state-machine.ts';

/** The id under which the stand-in for Secrets Manager knows the cron secret. */
export const CRON_SECRET_ID = 'postage-cron-secret';

/** Credentials that no local engine checks, and that are sent to no other. */
const LOCAL_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

export interface LambdaEnvironment {
  url: string;
  dynamodb: string;
  table: string;
  /** Where the stand-in for the other AWS services answers. */
  awsStandIn: string;
}

/** Sets the variables that the stack sets on its functions, and points their SDK at this machine. */
export function setLambdaEnvironment({ url, dynamodb, table, awsStandIn }: LambdaEnvironment): void {
  pointSdkAt(dynamodb);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SFN: awsStandIn,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsStandIn,
    [VARIABLES.table]: table,
    // Answers tell a developer more on this stage.
    [VARIABLES.stage]: 'dev',
    [VARIABLES.cronSecretId]: CRON_SECRET_ID,
    [VARIABLES.rolloverStateMachineArn]: STATE_MACHINE_ARN,
    [VARIABLES.publicUrl]: url,
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  // The gateway tells of each request; what the functions log beyond that are warnings and errors.
  process.env['POWERTOOLS_LOG_LEVEL'] ??= 'WARN';
}

/** DynamoDB in AWS is reached with the caller's own region and credentials; any other one takes whatever it is sent. */
export function pointSdkAt(dynamodb: string): void {
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = dynamodb;
  process.env['AWS_REGION'] ??= 'us-east-1';
  if (!new URL(dynamodb).hostname.endsWith('.amazonaws.com')) {
    delete process.env['AWS_PROFILE'];
    Object.assign(process.env, LOCAL_CREDENTIALS);
  }
}
