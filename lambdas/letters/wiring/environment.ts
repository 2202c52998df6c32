import { readersOf, VARIABLES as CORE_VARIABLES } from '../../wiring/environment.ts';

/** The variables of the core, and those of the letters app. */
export const VARIABLES = {
  ...CORE_VARIABLES,
  /** How many letters of more than 4 kB a user may send in a minute. Optional. */
  largeTextsPerMinute: 'POSTAGE_LARGE_TEXTS_PER_MINUTE',
  /** The address that e-mails come from, `Postage <letters@example.com>`; SES must know it. */
  emailFrom: 'POSTAGE_EMAIL_FROM',
  /** The configuration set of SES, which tells of bounces. Optional. */
  emailConfigurationSet: 'POSTAGE_EMAIL_CONFIGURATION_SET',
  /** The URL of the queue that a sender gets its deliveries from. Optional: without it messages rest as the queue has it. */
  dueQueueUrl: 'POSTAGE_DUE_QUEUE_URL',
  /** How many batches a sender works on at once. Optional. */
  batchesAtOnce: 'POSTAGE_BATCHES_AT_ONCE',
  /** The id of the Secrets Manager secret that holds Lob's keys, `{apiKey, webhookSecret}`. */
  mailSecretId: 'POSTAGE_MAIL_SECRET_ID',
  /** The id of the address at Lob that mails come from, `adr_…`. */
  mailFrom: 'POSTAGE_MAIL_FROM',
  /** Another server than Lob's, on a laptop. Optional. */
  lobApiUrl: 'POSTAGE_LOB_API_URL',
} as const;

export type Variable = keyof typeof VARIABLES;

export const { optionalVariable, requiredVariable } = readersOf(VARIABLES);
