import { VARIABLES } from '../lambdas/wiring/environment.ts';
import { STATE_MACHINE_ARN } from './state-machine.ts';

/** The id under which the stand-in for Secrets Manager knows the cron secret. */
export const CRON_SECRET_ID = 'postage-cron-secret';

/** And the secret from which the codes of gifts follow. */
export const GIFT_SECRET_ID = 'postage-gift-secret';

/** The bucket and the bus that the stand-ins know, as they do any other. */
export const FAILED_RECORDS_BUCKET = 'postage-failed-records';
const EVENT_BUS = 'postage-local';

/** Credentials that no local engine checks, and that are sent to no other. */
const LOCAL_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

export interface TableLocation {
  dynamodb: string;
  table: string;
}

/**
 * Points the functions, and their SDK, at a table. DynamoDB in AWS is reached with the caller's own region and
 * credentials; any other one takes whatever it is sent.
 */
export function setTableEnvironment({ dynamodb, table }: TableLocation): void {
  const isInAws = new URL(dynamodb).hostname.endsWith('.amazonaws.com');
  if (!isInAws) {
    delete process.env['AWS_PROFILE'];
    Object.assign(process.env, LOCAL_CREDENTIALS);
  }
  process.env['AWS_REGION'] ??= 'us-east-1';
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    ...(isInAws ? {} : { AWS_ENDPOINT_URL_DYNAMODB_STREAMS: dynamodb }),
    [VARIABLES.table]: table,
    // Answers tell a developer more on this stage.
    [VARIABLES.stage]: 'dev',
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  // The gateway tells of each request; what the functions log beyond that are warnings and errors.
  process.env['POWERTOOLS_LOG_LEVEL'] ??= 'WARN';
}

export interface ServiceLocations {
  /** The API's own. */
  url: string;
  awsStandIn: string;
  objectStore: string;
}

/** Points the functions at what plays the other AWS services. */
export function setServicesEnvironment({ url, awsStandIn, objectStore }: ServiceLocations): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SFN: awsStandIn,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsStandIn,
    AWS_ENDPOINT_URL_EVENTBRIDGE: awsStandIn,
    AWS_ENDPOINT_URL_S3: objectStore,
    [VARIABLES.eventBus]: EVENT_BUS,
    [VARIABLES.failedRecordsBucket]: FAILED_RECORDS_BUCKET,
    [VARIABLES.cronSecretId]: CRON_SECRET_ID,
    [VARIABLES.giftSecretId]: GIFT_SECRET_ID,
    [VARIABLES.rolloverStateMachineArn]: STATE_MACHINE_ARN,
    [VARIABLES.publicUrl]: url,
  });
}
