/** Which events lead to which function, each through a queue of its own. The CDK construct and the local runtime read it. */
import { EVENT_SOURCE } from '../../wiring/event-sources.ts';

/** What every sender names as the source of its answers. */
export const ANSWER_SOURCE = 'postage.sender';

/** A rule's pattern: an event passes that has one of the values everywhere. */
export interface BusRule {
  source: readonly string[];
  detailType: readonly string[];
  detail?: { data: Readonly<Record<string, readonly string[]>> };
}

export type BusTarget = 'email-sender' | 'mail-sender' | 'delivery-answers';

export const BUS_RULES: Readonly<Record<BusTarget, BusRule>> = {
  'email-sender': {
    source: [EVENT_SOURCE],
    detailType: ['DeliveryDue'],
    detail: { data: { channel: ['email'] } },
  },
  'mail-sender': {
    source: [EVENT_SOURCE],
    detailType: ['DeliveryDue'],
    detail: { data: { channel: ['mail'] } },
  },
  'delivery-answers': { source: [ANSWER_SOURCE], detailType: ['DeliverySent', 'DeliveryFailed'] },
};

/**
 * What SES says on the account's default bus of an e-mail that it has taken, for `delivery-answers`
 * (https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html).
 */
export const SES_EVENT_TYPES = ['Email Bounced', 'Email Complaint Received', 'Email Rejected'] as const;
export const SES_SOURCE = 'aws.ses';
