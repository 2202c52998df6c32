import { optionalVariable, VARIABLES } from '../lambdas/wiring/environment.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import { STATE_MACHINE_ARN } from './state-machine.ts';

/** Ids of secrets in the stand-in for Secrets Manager. */
export const CRON_SECRET_ID = 'postage-cron-secret';
export const GIFT_SECRET_ID = 'postage-gift-secret';

/** The stand-ins accept any bucket and any bus. */
export const FAILED_RECORDS_BUCKET = 'postage-failed-records';
const EVENT_BUS = 'postage-local';

/** No local engine checks these, and no other service gets them. */
const LOCAL_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

export interface TableLocation {
  dynamodb: string;
  table: string;
}

/** The table that `npm start` serves and `npm run rollover` rolls over. */
export function tableName(): string {
  return optionalVariable('table') ?? 'postage';
}

/**
 * Points the functions and their SDK at a table. A DynamoDB in AWS needs the caller's own region and credentials; any
 * other takes any.
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
    // On this stage, answers tell developers more.
    [VARIABLES.stage]: 'dev',
    [VARIABLES.disposable]: 'true',
    POWERTOOLS_METRICS_DISABLED: 'true',
  });
  // The local gateway logs each request itself.
  process.env['POWERTOOLS_LOG_LEVEL'] ??= 'WARN';
}

/** From when the functions take their catalogue to hold. */
export function setCatalogueSince(since: Instant): void {
  process.env[VARIABLES.catalogueSince] = String(since);
}

export interface ServiceLocations {
  /** Where the API answers. */
  url: string;
  awsStandIn: string;
  objectStore: string;
}

/** Points the functions at the stand-ins for the other AWS services. */
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
