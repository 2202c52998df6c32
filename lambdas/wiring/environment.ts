/**
 * The one place that names and reads environment variables. Constructs set them by these names, handlers read them
 * through `requiredVariable`, so that neither can drift from the other.
 */
export const VARIABLES = {
  /** The name of the DynamoDB table. */
  table: 'POSTAGE_TABLE',
  /** From when the catalogue holds, in milliseconds: when a deployment first recorded it. */
  catalogueSince: 'POSTAGE_CATALOGUE_SINCE',
  /** `dev`, `prod` or whatever the stack was deployed as. */
  stage: 'POSTAGE_STAGE',
  /** Whether the stage's data may be lost, `true` or `false`. */
  disposable: 'POSTAGE_DISPOSABLE',
  /** The id of the Secrets Manager secret that the cron routes ask for. */
  cronSecretId: 'POSTAGE_CRON_SECRET_ID',
  /** The ARN of the rollover's state machine. */
  rolloverStateMachineArn: 'POSTAGE_ROLLOVER_STATE_MACHINE_ARN',
  /** The name of the bus that events are published on. */
  eventBus: 'POSTAGE_EVENT_BUS',
  /** The name of the bucket in which records of the stream are kept that could not be processed. */
  failedRecordsBucket: 'POSTAGE_FAILED_RECORDS_BUCKET',
  /** The id of the Secrets Manager secret that holds Stripe's keys, `{secretKey, webhookSecret, account}`. */
  stripeSecretId: 'POSTAGE_STRIPE_SECRET_ID',
  /** Another server than Stripe's, on a laptop. Optional. */
  stripeApiUrl: 'POSTAGE_STRIPE_API_URL',
  /** The URL of the queue in which Stripe's events wait. */
  stripeEventsQueueUrl: 'POSTAGE_STRIPE_EVENTS_QUEUE_URL',
  /** The id of the Secrets Manager secret from which the codes of gifts follow. */
  giftSecretId: 'POSTAGE_GIFT_SECRET_ID',
  /** Where users are sent back to from Stripe's pages. */
  appUrl: 'POSTAGE_APP_URL',
  /** The ARN of the function that deals with what is due. */
  reconcilerArn: 'POSTAGE_RECONCILER_ARN',
  /** The Cognito user pool that the stack has made. Optional: tokens may come from an issuer of the owner's. */
  userPoolId: 'POSTAGE_USER_POOL_ID',
  /** Where the API answers. Optional for the OpenAPI document: `/` where it is not known. */
  publicUrl: 'POSTAGE_PUBLIC_URL',
  /** The name of the bucket that CloudFront gets the page from. */
  pageBucket: 'POSTAGE_PAGE_BUCKET',
} as const;

class MissingVariableError extends Error {
  override name = 'MissingVariableError';

  constructor(name: string) {
    super(`The environment variable ${name} is not set.`);
  }
}

/** Reads the environment by the words for its variables. */
export function readersOf<Variable extends string>(variables: Readonly<Record<Variable, string>>) {
  const optionalVariable = (variable: Variable): string | null => {
    const value = process.env[variables[variable]];
    return value === undefined || value === '' ? null : value;
  };
  return {
    optionalVariable,
    /** @throws MissingVariableError at once, while the function starts, rather than at the first request that needs it. */
    requiredVariable: (variable: Variable): string => {
      const value = optionalVariable(variable);
      if (value === null) {
        throw new MissingVariableError(variables[variable]);
      }
      return value;
    },
  };
}

export const { optionalVariable, requiredVariable } = readersOf(VARIABLES);
