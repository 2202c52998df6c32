/**
 * The one place that names and reads environment variables. Constructs set them by these names, handlers read them
 * through `requiredVariable`, so that neither can drift from the other.
 */
export const VARIABLES = {
  /** The name of the DynamoDB table. */
  table: 'POSTAGE_TABLE',
  /** `dev`, `prod` or whatever the stack was deployed as. */
  stage: 'POSTAGE_STAGE',
  /** The id of the Secrets Manager secret that the cron routes ask for. */
  cronSecretId: 'POSTAGE_CRON_SECRET_ID',
  /** The ARN of the rollover's state machine. */
  rolloverStateMachineArn: 'POSTAGE_ROLLOVER_STATE_MACHINE_ARN',
  /** The name of the bus that events are published on. */
  eventBus: 'POSTAGE_EVENT_BUS',
  /** The name of the bucket in which records of the stream are kept that could not be processed. */
  failedRecordsBucket: 'POSTAGE_FAILED_RECORDS_BUCKET',
  /** Where the API answers; stands in the OpenAPI document. Optional: `/` where it is not known. */
  publicUrl: 'POSTAGE_PUBLIC_URL',
} as const;

export type Variable = keyof typeof VARIABLES;

class MissingVariableError extends Error {
  override name = 'MissingVariableError';

  constructor(variable: Variable) {
    super(`The environment variable ${VARIABLES[variable]} is not set.`);
  }
}

/** @throws MissingVariableError at once, while the function starts, rather than at the first request that needs it. */
export function requiredVariable(variable: Variable): string {
  const value = process.env[VARIABLES[variable]];
  if (value === undefined || value === '') {
    throw new MissingVariableError(variable);
  }
  return value;
}

export function optionalVariable(variable: Variable): string | null {
  return process.env[VARIABLES[variable]] ?? null;
}
