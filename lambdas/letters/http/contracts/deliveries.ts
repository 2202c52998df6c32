import * as z from 'zod/mini';
import { LONGEST_LINES_TOGETHER, MAIL_LINE_LIMITS } from '../../domain/mail-limits.ts';
import { type AddressFault, faultsOfAddress } from '../../domain/postal-addresses.ts';
import { NO_INPUT } from '../../../http/contract.ts';
import { contract } from '../contract.ts';
import { Country } from '../countries.ts';
import { isLocalTime, isZone } from '../../../domain/wall-clock.ts';
import { CHANNELS, DELIVERY_STATUSES, OWED_REFUNDS, PAID_WITH } from '../../domain/deliveries.ts';
import {
  Email,
  Id,
  Instant,
  InstantInput,
  named,
  page,
  PageQuery,
  Price,
  trimmedLine,
} from '../../../http/schemas.ts';

const exampleId = '91b7e0a2c3d44f5f8a6b7c8d9e0f1a2b';
const exampleLetterId = '3f2a9c5d8e7b41f0a6c4d2e1b0f98a76';

const exampleEmail = { email: 'ada@example.com' };

const exampleAddress = {
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

const NewEmailRecipient = named('NewEmailRecipient', z.strictObject({ email: Email }), {
  example: exampleEmail,
});

const EmailRecipient = named('EmailRecipient', z.object({ email: z.string() }), { example: exampleEmail });

function messageOf(fault: AddressFault['fault'], country: string): string {
  switch (fault.kind) {
    case 'missing':
      return `Mail to ${country} does not arrive without it.`;
    case 'malformed':
      return `Expected it as in ${country}, such as ${fault.example}.`;
    case 'too_long':
      return `Expected both lines together to have at most ${LONGEST_LINES_TOGETHER} characters.`;
  }
}

const NewPostalRecipient = named(
  'NewPostalRecipient',
  z
    .strictObject({
      name: trimmedLine(MAIL_LINE_LIMITS.name),
      line1: trimmedLine(MAIL_LINE_LIMITS.line1),
      line2: z.optional(trimmedLine(MAIL_LINE_LIMITS.line2)),
      city: trimmedLine(MAIL_LINE_LIMITS.city),
      state: z.optional(trimmedLine(MAIL_LINE_LIMITS.state)),
      postalCode: z.optional(trimmedLine(MAIL_LINE_LIMITS.postalCode)),
      country: Country,
    })
    .check(({ value, issues }) => {
      for (const { part, fault } of faultsOfAddress(value)) {
        const message = messageOf(fault, value.country);
        issues.push({ code: 'custom', input: value[part], path: [part], message });
      }
    }),
  {
    description: `With all that a mail needs to arrive in its country: \`postalCode\` can be left out where there are none, and \`state\` is needed in AU, BR, CA, CN, IN, JP, MX and US. \`line1\` and \`line2\` together have at most ${LONGEST_LINES_TOGETHER} characters.`,
    example: exampleAddress,
  },
);

const PostalRecipient = named(
  'PostalRecipient',
  z.object({
    name: z.string(),
    line1: z.string(),
    line2: z.optional(z.string()),
    city: z.string(),
    state: z.optional(z.string()),
    postalCode: z.optional(z.string()),
    country: z.string(),
  }),
  { example: exampleAddress },
);

const exampleWallTime = { local: '2046-11-24T09:00:00', zone: 'Europe/London' };

const WallTime = named(
  'WallTime',
  z.strictObject({
    local: z
      .string()
      .check(z.refine(isLocalTime, 'Expected a time without a zone, such as 2046-11-24T09:00:00.')),
    zone: z.string().check(z.refine(isZone, 'Expected a time zone by its IANA name, such as Europe/London.')),
  }),
  {
    description:
      'What a clock on the wall of a zone shows. The delivery stays at that time when the zone’s rules change. Of a time that the clock shows twice, the earlier one counts; for a time that it skips, the first instant after the gap.',
    example: exampleWallTime,
  },
);

/** What both channels take. `payAsYouGo` does nothing for e-mails, which are free. */
const common = {
  letterId: Id,
  deliverAt: z.union([InstantInput, WallTime]),
  payAsYouGo: z.optional(z.boolean()),
};

const exampleOrder = {
  letterId: exampleLetterId,
  channel: 'email',
  deliverAt: '2046-11-24T09:00:00Z',
  recipient: exampleEmail,
};

const NewEmailDelivery = named(
  'NewEmailDelivery',
  z.strictObject({ ...common, channel: z.literal('email'), recipient: NewEmailRecipient }),
  { example: exampleOrder },
);
const NewMailDelivery = named(
  'NewMailDelivery',
  z.strictObject({ ...common, channel: z.literal('mail'), recipient: NewPostalRecipient }),
  { example: { ...exampleOrder, channel: 'mail', recipient: exampleAddress, payAsYouGo: true } },
);

const NewDelivery = named(
  'NewDelivery',
  z.discriminatedUnion('channel', [NewEmailDelivery, NewMailDelivery]),
  {
    description:
      '`deliverAt` lies in the future and at most 100 years ahead: an instant, or a wall-clock time with its zone. With `payAsYouGo`, the card or the Link account that pays at Stripe pays for a mail for which there is no credit left; without it, the answer is 402 then.',
    example: exampleOrder,
  },
);

const WallTimeShown = named('PromisedWallTime', z.object({ local: z.string(), zone: z.string() }), {
  example: exampleWallTime,
});

const deliveryFields = {
  id: z.string(),
  letterId: z.string(),
  status: z.enum(DELIVERY_STATUSES),
  paidWith: z.enum(PAID_WITH),
  deliverAt: Instant,
  promisedAt: z.optional(WallTimeShown),
  createdAt: Instant,
  sentAt: z.optional(Instant),
  failedAt: z.optional(Instant),
  failure: z.optional(z.string()),
  cancelledAt: z.optional(Instant),
  price: z.optional(Price),
  receiptUrl: z.optional(z.string()),
  refund: z.optional(z.enum(OWED_REFUNDS)),
  heldSince: z.optional(Instant),
};

const example = {
  id: exampleId,
  letterId: exampleLetterId,
  channel: 'email',
  status: 'scheduled',
  paidWith: 'none',
  deliverAt: '2046-11-24T09:00:00.000Z',
  createdAt: '2026-11-24T09:00:00.000Z',
};

const Delivery = named('Delivery', z.object({ ...deliveryFields, channel: z.enum(CHANNELS) }), {
  description:
    'A delivery without its recipient, as lists and the creating request show it. `deliverAt` is the instant at which it is due; where it was promised at a wall-clock time, that stands in `promisedAt`, and `deliverAt` follows it by the zone’s rules as they are known a day before. How it ended stands there once it has ended; `failure` is a word for the reason, such as `unanswered` or `payment_declined`. A delivery that a card pays for has its `price`, and once it is paid the `receiptUrl` of Stripe, which shows the receipt for 30 days and then asks for the payer’s e-mail address. `heldSince`: the charge is in dispute, and the delivery waits until the bank decides; it goes on if the money comes back, and is cancelled if not. `refund` says whether a charge that has to be given back has been. `pending_payment`: the payment is not decided yet.',
  example,
});

const EmailDelivery = named(
  'EmailDelivery',
  z.object({ ...deliveryFields, channel: z.literal('email'), recipient: EmailRecipient }),
  { example: { ...example, recipient: exampleEmail } },
);

const MailDelivery = named(
  'MailDelivery',
  z.object({ ...deliveryFields, channel: z.literal('mail'), recipient: PostalRecipient }),
  { example: { ...example, channel: 'mail', paidWith: 'credit', recipient: exampleAddress } },
);

const DeliveryWithRecipient = named(
  'DeliveryWithRecipient',
  z.discriminatedUnion('channel', [EmailDelivery, MailDelivery]),
  { example: { ...example, recipient: exampleEmail } },
);

const DeliveryPage = named('DeliveryPage', page(Delivery), {
  example: { items: [example], nextCursor: null },
});

export const createDelivery = contract('POST /deliveries', {
  ...NO_INPUT,
  operationId: 'createDelivery',
  summary: 'Schedule a delivery',
  description:
    'Stores the delivery, counts it and, for a mail, spends one credit: all or nothing. A letter has at most 20 open deliveries at once: 409 `illegal_transition`. At most 10 mails can be scheduled in a day (UTC), those whose payment fails among them. Where a card pays, it is charged once, however often the request is repeated with its key, which goes on with a payment that is not decided. A payment that is not decided after 24 hours is cancelled. After a payment that failed, the same key answers 402 again; after one that was called off, it answers 201 with the cancelled delivery. A new try takes a new key. Where the holder of the card has to authenticate, the answer is 402 `payment_action_required`: `handleNextAction({clientSecret})` of Stripe.js finishes it, with nothing but the publishable key of the same account; `/docs/pay` is a page that does it.',
  body: NewDelivery,
  idempotencyKey: 'optional',
  answers: {
    201: { description: 'The delivery', schema: Delivery, hasLocation: true },
    202: {
      description: 'The delivery, whose payment is not decided yet',
      schema: Delivery,
      hasLocation: true,
    },
  },
  problems: [
    'not_found',
    'plan_required',
    'quota_exceeded',
    'rate_limited',
    'insufficient_credits',
    'payment_method_required',
    'payment_failed',
    'payment_action_required',
    'illegal_transition',
    'not_configured',
  ],
});

export const listDeliveries = contract('GET /deliveries', {
  ...NO_INPUT,
  operationId: 'listDeliveries',
  summary: 'List deliveries',
  description: 'The latest scheduled first.',
  query: PageQuery,
  answers: { 200: { description: 'A page of deliveries', schema: DeliveryPage } },
  problems: [],
});

export const getDelivery = contract('GET /deliveries/{id}', {
  ...NO_INPUT,
  operationId: 'getDelivery',
  summary: 'Read a delivery',
  description: 'With its recipient.',
  params: z.strictObject({ id: Id }),
  answers: { 200: { description: 'The delivery', schema: DeliveryWithRecipient } },
  problems: ['not_found'],
});

export const cancelDelivery = contract('DELETE /deliveries/{id}', {
  ...NO_INPUT,
  operationId: 'cancelDelivery',
  summary: 'Cancel a delivery',
  description:
    'Possible until it is dispatched. The mail credit that it has cost goes back, or its charge to the card. An included or carried credit of an earlier period goes back only if the plan has room for it, until the open period ends; otherwise it expires at once. A payment that is pending is called off at Stripe first, unless the bank is just deciding. What has been counted stays counted. Cancelling again changes nothing.',
  params: z.strictObject({ id: Id }),
  answers: { 200: { description: 'The cancelled delivery', schema: Delivery } },
  problems: ['not_found', 'illegal_transition', 'not_configured'],
});

export const DELIVERY_CONTRACTS = [createDelivery, listDeliveries, getDelivery, cancelDelivery];
