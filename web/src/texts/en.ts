/** Everything that the page says, in English. */
import type { Format, Title } from '../format/format.ts';
import type { ProblemCode, ProblemOf } from '../api/failure.ts';
import type { operations as CoreOperations } from '../api/generated/core.d.ts';
import type { components, operations as LettersOperations } from '../api/generated/letters.d.ts';

export const LANGUAGE = 'en';

type MovementKind = components['schemas']['LedgerEntry']['kind'];

export const shell = {
  skip: 'Skip to the content',
  navigation: 'Pages',
  usage: 'Usage',
  plans: 'Plans',
  credits: 'Credits',
  letters: 'Letters',
  dashboard: 'Dashboard',
  signIn: 'Sign in',
  signOut: 'Sign out',
  signedInAs: (name: string) => `Signed in as ${name}`,
  zone: (zone: string) => `Times are in ${zone}`,
  documentation: 'API documentation',
  notFound: 'There is no such page',
  notFoundHelp: 'The address may be mistyped. Your usage is a good place to go on.',
  toUsage: 'To your usage',
  broken: 'Something is wrong with this page',
  brokenHelp: 'Reload it. If that does not help, tell the owner of the app.',
  reload: 'Reload',
};

export const signIn = {
  title: 'See what you use',
  lead: 'Your usage, your credits and your plan, in one place.',
  pricing: 'See the plans',
  failed: 'Signing in did not work',
  failedHelp: 'The page that signs you in did not send you back as expected. Try again.',
  ended: 'Your session has ended',
  endedHelp: 'Sign in again to go on. What you have typed stays here.',
  again: 'Sign in again',
  notNow: 'Not now',
  blocked: 'The window did not open, or you closed it. Allow pop-ups for this page, and try again.',
};

export const states = {
  loading: 'Loading',
  retrying: 'The server does not answer. Trying again…',
  failed: 'This could not be loaded',
  again: 'Try again',
  asOf: (time: string) => `As of ${time}. The server does not answer at the moment.`,
  loadOlder: 'Load older',
  loadingOlder: 'Loading…',
  refresh: 'Refresh',
  newer: (count: string) => `Show ${count} newer`,
  newerAtLeast: (count: string) => `Show ${count} or more newer`,
  waiting: (seconds: string) => `The server is busy. Trying again in ${seconds} s; keep this page open.`,
  unreachable: (seconds: string) =>
    `The server does not answer. Trying again in ${seconds} s; what you have typed stays here.`,
  sending: 'Sending…',
  typedSince: 'What you typed after you had sent it is still here. It is not sent yet.',
};

export const usage = {
  title: 'My usage',
  meters: 'This period',
  resets: (at: string) => `Resets ${at}`,
  levels: 'Held now',
  used: (used: string, limit: string, many: string) => `${used} of ${limit} ${many} used`,
  held: (held: string, limit: string, many: string) => `${held} of ${limit} ${many} held`,
  left: (left: string) => `${left} left`,
  over: (used: string, many: string, limit: string) => `${used} ${many} used, your plan allows ${limit}`,
  overHeld: (held: string, many: string, limit: string) => `${held} ${many} held, your plan allows ${limit}`,
  unlimited: (used: string, what: string) => `${used} ${what} used, unlimited`,
  unlimitedHeld: (held: string, many: string) => `${held} ${many} held, unlimited`,
  notInPlan: 'Not in your plan',
  notInPlanWith: (plan: string) => `Included in ${plan}`,
  perUse: (credits: string) => `Each costs ${credits}`,
  today: (used: string, limit: string) => `Today: ${used} of ${limit}`,
  todayOf: (many: string) => `${many} today`,
  todayReached: (used: string, limit: string) => `Today: ${used} of ${limit}, the day’s limit is reached`,
  approaching: 'Approaching limit',
  reached: 'Limit reached',
  reachedHelp: (resetsAt: string) => `It resets ${resetsAt}.`,
  reachedLevelHelp: 'Release some, or choose a larger plan.',
  seePlans: 'See plans',
  forecast: 'At today’s pace',
  runsOut: (what: string, at: string) => `${what} run out on ${at}`,
  ranOut: (what: string) => `${what} have run out`,
  lasts: (what: string) => `${what} last until they reset`,
  noPace: 'Nothing that is limited was used in this period yet.',
  credits: 'Credits',
  history: 'Past periods',
  periods: 'Periods shown',
  periodCount: (count: string) => `Last ${count}`,
  chartOf: (what: string) => `Used per period: ${what}`,
  period: 'Period',
  noHistory: 'No period has ended yet. The first one ends when this period does.',
  table: 'As a table',
  meter: 'Shown in the chart',
  creditsUsed: 'Credits used',
  ledger: 'Credit ledger',
  ledgerEmpty: 'No credits have moved yet.',
  what: 'What',
  amount: 'Credits',
  balance: 'Balance',
  time: 'Time',
  source: 'Source',
};

export const plan = {
  title: 'Plan',
  status: {
    none: 'No subscription',
    trialing: 'Trial',
    active: 'Active',
    past_due: 'Payment failed',
    canceled: 'Ended',
  },
  period: (period: string) => `Usage period ${period}`,
  ends: (at: string) => `Ends ${at}`,
  trialEnds: (at: string) => `The trial ends ${at}`,
  grace: (at: string) =>
    `Your last payment failed. Everything works until ${at}; pay the invoice to keep it.`,
  scheduled: (name: string, at: string) => `${name} from ${at}`,
  another: 'another plan',
  waiting: (at: string) => `A larger plan waits for your bank until ${at}.`,
  finish: 'Finish at your bank',
  takeBack: 'Take back',
  keep: 'Keep the subscription',
  change: 'Change plan',
  choose: 'Choose a plan',
  cancel: 'Cancel',
  portal: 'Cards and invoices',
  features: 'With',
  cancelTitle: 'Cancel the subscription?',
  stays: (at: string) => `Everything stays until ${at}.`,
  staysWhilePaid: 'Everything stays until what you have paid for ends.',
  staysInGrace: (grace: string, at: string) =>
    `Everything stays until ${grace}, and until ${at} if you pay the open invoice.`,
  endsAt: (at: string) => `It ends ${at}.`,
  creditsAfter:
    'Then included and carried credits expire; bought credits last, for when you subscribe again.',
  cancelNow: 'Cancel the subscription',
  keepIt: 'Keep it',
  noPlan: 'Your subscription gives you no plan',
  unpaidHelp:
    'Its last invoice was not paid in time. Pay it under “Cards and invoices”, or end the subscription.',
  pausedHelp: 'It is paused. End it, and you can choose a plan again.',
  end: 'End it now',
  endTitle: 'End the subscription now?',
  endHelp: 'It is not charged again. Your bought credits last, and you can choose a plan at once.',
  endNow: 'End the subscription',
  underWay: 'This is under way. It shows here in a moment.',
};

export const plans = {
  title: 'Plans',
  lead: 'From the smallest to the largest. You can change or cancel at any time.',
  interval: 'Paid',
  month: 'Monthly',
  year: 'Yearly',
  perMonth: 'a month',
  perYear: 'a year',
  free: 'Free',
  current: 'Your plan',
  onlyMonthly: 'Only by the month',
  onlyYearly: 'Only by the year',
  subscribe: (name: string) => `Get ${name}`,
  change: (name: string) => `Change to ${name}`,
  signInFirst: 'Sign in to subscribe',
  credits: (credits: string) => `${credits} each month`,
  carryOver: (cap: string, periods: string) => `Unused ones carry over: up to ${cap}, for ${periods} months`,
  extra: (price: string) => `More for ${price} each`,
  limit: (count: string, many: string) => `${count} ${many} a month`,
  held: (count: string, many: string) => `${count} ${many}`,
  unlimited: (many: string) => `Unlimited ${many}`,
  trial: (days: string) => `The first ${days} days are free`,
  saves: (price: string) => `You save ${price} a year`,
  comparison: 'Compare everything',
  feature: 'What',
  included: 'Included',
  notIncluded: 'Not included',
  unlimitedWord: 'Unlimited',
  carriedRow: 'Carried over',
  extraRow: 'One more credit',
  none: '–',
  previewTitle: (name: string) => `Change to ${name}`,
  previewLoading: 'Working out what it costs…',
  gained: 'You get',
  lost: 'You no longer get',
  dueNow: 'Due now',
  nothingDue: 'Nothing',
  holdsFrom: 'Holds from',
  atOnce: 'At once',
  next: 'Next payment',
  nextSum: (price: string, at: string) => `${price} on ${at}`,
  exceeds: (used: string, limit: string, many: string) =>
    `You hold ${used} ${many}; this plan allows ${limit}. You keep them, and can add none.`,
  pay: (price: string, name: string) => `Pay ${price} and change to ${name}`,
  confirm: (name: string) => `Change to ${name}`,
  back: 'Not now',
  changed: (name: string) => `You have ${name} now.`,
  changesLater: (name: string, at: string) => `${name} holds from ${at}. Until then nothing changes.`,
  arriving: 'Payment received. Your plan is on its way…',
  arrivingLong: 'Stripe has not reported your payment yet. Your plan shows here as soon as it has.',
  arrived: (name: string) => `Your plan is ${name}.`,
  cancelled: 'You left the payment page. Nothing was charged.',
};

export const credits = {
  title: 'Credits',
  balance: 'Balance',
  available: 'available',
  order: 'Spent in this order',
  carried: 'Carried over',
  carriedExpires: (at: string) => `expires ${at}`,
  included: 'Included in your plan',
  includedResets: (at: string) => `resets ${at}`,
  purchased: 'Bought or given',
  purchasedLasts: 'never expire',
  withheld: 'Withheld',
  withheldHelp: (count: string) =>
    `${count} of this period’s allowance are withheld until the failed payment is made good.`,
  owed: 'Owed',
  owedHelp: (count: string) =>
    `${count} were refunded after they had been spent. The next credits that you buy or get pay them back first.`,
  subscribeToUse:
    'Your plan spends no credits. Bought ones last, and can be used once you have one that does.',
  noneSold: 'This app has no credits.',
  buy: 'Buy credits',
  buyLead: 'Bought credits never expire.',
  each: (price: string) => `${price} each`,
  buyOne: (price: string) => `Buy for ${price}`,
  boughtAlready: 'You have bought this already. It shows below.',
  pageGone: 'The page to pay on has expired. Buy again for a new one.',
  arriving: 'Payment received. Your credits are arriving…',
  arrivingLong: 'Stripe has not reported your payment yet. The credits arrive as soon as it has.',
  arrived: 'Your credits have arrived.',
  purchases: 'Purchases',
  noPurchases: 'You have not bought any credits yet.',
  purchaseStatus: {
    open: 'Not paid',
    processing: 'On its way',
    paid: 'Paid',
    failed: 'Failed',
    expired: 'Expired',
  },
  payNow: 'Pay now',
  returned: (price: string) => `${price} refunded`,
  give: 'Give credits away',
  giveHelp: 'You get a code. Anyone who has it can claim the credits, once.',
  giveCount: 'How many',
  giveNone: 'You have no bought credits to give. Included and carried ones stay yours.',
  giveMost: (count: string) => `You have ${count} bought credits that are not spent.`,
  giveButton: 'Make the gift',
  code: 'Pass this code on. It is shown once only.',
  copy: 'Copy',
  copied: 'Copied',
  giftUntil: (at: string) =>
    `Whoever claims it first gets it, until ${at}. Then unclaimed credits come back to you.`,
  claim: 'Claim a gift',
  claimCode: 'Code',
  claimButton: 'Claim',
  claimed: (count: string) => `${count} are yours.`,
  given: 'Gifts that you gave',
  noGifts: 'You have given nothing away yet.',
  giftStatus: { open: 'Not claimed', claimed: 'Claimed', returned: 'Came back' },
  until: (at: string) => `until ${at}`,
  date: 'Date',
  status: 'State',
  price: 'Price',
  ends: 'Ends',
};

export const letters = {
  title: 'Letters',
  write: 'Write a letter',
  letterTitle: 'Title',
  letterBody: 'Letter',
  save: 'Save the letter',
  saved: 'Saved. You can send it now.',
  send: 'Send a letter',
  letter: 'Letter',
  olderLetters: 'Show older letters too',
  noLetters: 'Write a letter first; then you can send it.',
  channel: 'How',
  email: 'By e-mail',
  mail: 'By post',
  deliverAt: 'When',
  zone: 'Time zone',
  byTheClock: 'It goes out when the clocks there show this time, even if their rules change until then.',
  forYou: (at: string) => `For you that is ${at}.`,
  skipped: (zone: string) => `The clocks in ${zone} skip this time. It goes out as soon as they have.`,
  shownTwice: (zone: string) =>
    `The clocks in ${zone} show this time twice, because they go back. It goes out the first time.`,
  recipientEmail: 'E-mail address',
  name: 'Name',
  line1: 'Street and number',
  line2: 'More of the address (optional)',
  city: 'City',
  state: 'State or province',
  postalCode: 'Postal code',
  country: 'Country',
  chooseCountry: 'Choose a country',
  costNotInPlan: 'Your plan does not have this.',
  costFree: 'This costs nothing.',
  costCredit: (cost: string, left: string) => `This costs ${cost}. You have ${left}.`,
  costCard: (price: string) => `No credits are left. This costs ${price}; we ask before we charge.`,
  costNone: 'No credits are left.',
  schedule: 'Schedule it',
  scheduled: (at: string) => `Scheduled for ${at}.`,
  pending: 'Your payment is not decided yet. You see below when it is.',
  payTitle: 'No credits left',
  payHelp: (price: string) => `This mail costs ${price}, charged to your card now.`,
  pay: (price: string) => `Pay ${price} and schedule`,
  buyBundle: 'Buy a bundle of credits',
  notNow: 'Not now',
  stopped: 'It is not tried again. If an earlier try got through, the delivery shows below.',
  bank: 'Waiting for your bank…',
  bankMissing: 'Your bank asks for you, and this page was not given the key of Stripe that it takes.',
  deliveries: 'Deliveries',
  noDeliveries: 'Nothing is scheduled yet.',
  deliveryStatus: {
    pending_payment: 'Payment pending',
    scheduled: 'Scheduled',
    dispatched: 'On its way',
    sent: 'Sent',
    failed: 'Failed',
    cancelled: 'Cancelled',
  },
  held: 'On hold: the charge is disputed',
  paidWith: { none: 'free', credit: 'one credit', card: 'card' },
  cancel: 'Cancel',
  cancelTitle: 'Cancel this delivery?',
  cancelHelp: {
    none: 'It will not go out. You can schedule the letter again.',
    credit: 'It will not go out, and the credit comes back to you. You can schedule the letter again.',
    creditBefore:
      'It will not go out. A bought credit comes back. An included or carried one of an earlier period comes back only if your plan has room for it, until this period ends. You can schedule the letter again.',
    card: 'It will not go out, and what it cost goes back to your card. You can schedule the letter again.',
  },
  cancelNow: 'Cancel the delivery',
  keepIt: 'Keep it',
  receipt: 'Receipt',
  due: 'Due',
  unknownLetter: 'A letter',
  draftKept: 'Kept in this tab while you write.',
};

type AuditTypeOf<Operations extends { listAuditEvents: { parameters: { query?: { type?: string } } } }> =
  NonNullable<NonNullable<Operations['listAuditEvents']['parameters']['query']>['type']>;
type CoreAuditType = AuditTypeOf<CoreOperations>;

/** What the audit trail tells of. */
export const auditTypes: Record<CoreAuditType, string> = {
  SubscriptionChanged: 'Subscription changed',
  CreditsPurchased: 'Credits bought',
  PurchaseRefunded: 'Purchase refunded',
  GiftSent: 'Gift given',
  GiftClaimed: 'Gift claimed',
  GiftReturned: 'Gift came back',
  CreditsAdjusted: 'Credits corrected',
  UserDataRead: 'User’s data read',
  UserErased: 'User erased',
  EventRedriven: 'Failed event sent again',
  RolloverFinished: 'Rollover finished',
  JobStarted: 'Job started',
};

/** And where the letters app is on. */
export const letterAuditTypes: Record<Exclude<AuditTypeOf<LettersOperations>, CoreAuditType>, string> = {
  PaymentSucceeded: 'Mail paid by card',
  PaymentFailed: 'Payment failed',
  PaymentRefunded: 'Payment refunded',
  PaymentDisputed: 'Payment disputed',
  PaymentDisputeWon: 'Dispute won',
  PaymentDisputeLost: 'Dispute lost',
  DeliveriesStuck: 'Deliveries stuck',
};

/** How a movement of the ledger is called. */
export const movements: Record<MovementKind, string> = {
  allowance: 'Included in the plan',
  withheld: 'Withheld until paid',
  made_good: 'No longer withheld',
  purchase: 'Bought',
  gift_received: 'Gift claimed',
  adjustment_up: 'Corrected upwards',
  restored: 'Restored',
  regranted: 'Returned',
  use: 'Used',
  return: 'Returned',
  expiry: 'Expired',
  claw_back: 'Taken back after a refund',
  reinstatement: 'Given back after a refund',
  gift_given: 'Given away',
  gift_returned: 'Gift came back',
  adjustment_down: 'Corrected downwards',
};

export interface Explanation {
  /** What has happened. */
  says: string;
  /** What helps: a sentence, where there is one. */
  helps: string | null;
  action: Action | null;
}

export type Action =
  | { kind: 'plans'; label: string }
  | { kind: 'credits'; label: string }
  | { kind: 'card'; label: string }
  | { kind: 'usage'; label: string };

/** What the texts of problems need to know beside the problem. */
export interface Words {
  format: Format;
  /** The name of a plan, by its id. */
  planName: (id: string) => string;
  /** The name of a meter or level. */
  titleOf: (meter: string) => Title;
  credit: Title;
}

const seePlans = (words: Words, upgradeTo: string | null | undefined): Action | null =>
  upgradeTo === null || upgradeTo === undefined
    ? null
    : { kind: 'plans', label: `See ${words.planName(upgradeTo)}` };
const CARD: Action = { kind: 'card', label: 'Cards and invoices' };

const DECLINES: Record<string, string> = {
  insufficient_funds: 'Your card has insufficient funds.',
  lost_card: 'Your bank declined the card.',
  stolen_card: 'Your bank declined the card.',
  expired_card: 'Your card has expired.',
  incorrect_cvc: 'The security code of the card is not right.',
  authentication_required: 'You did not confirm the payment at your bank.',
};

const CHANGE_REASONS: Record<string, string> = {
  not_subscribed: 'You have no subscription to change. Choose a plan first.',
  change_open: 'Another change is under way. Wait a moment.',
  same_plan: 'You have this plan already.',
  cancelled: 'Your subscription will end. Keep it first; then you can change it.',
  already_scheduled: 'This change is scheduled already.',
  past_due: 'Your last invoice is not paid. Pay it first.',
  by_invoice: 'You pay by invoice. Ask the owner of the app for another plan.',
  method: 'Your way to pay cannot be charged at once. Add a card first.',
  payment_failed: 'The payment failed. Nothing has changed.',
};

type Explain<Code extends ProblemCode> = (problem: ProblemOf<Code>, words: Words) => Explanation;

const only = (says: string, helps: string | null = null): Explanation => ({ says, helps, action: null });

/** A sentence, a figure and a way on for each code. The type asks for every code of the API. */
export const problems: { [Code in ProblemCode]: Explain<Code> } = {
  quota_exceeded: ({ meter, limit, used, resetsAt, upgradeTo }, words) => {
    const { format } = words;
    const { many } = words.titleOf(meter);
    const figure = limit === 'unlimited' ? many : `${format.count(limit)} ${many}`;
    return {
      says: `You have used ${format.count(used)} of ${figure}. The limit of your plan is reached.`,
      helps:
        resetsAt === null
          ? 'Release some first, or choose a larger plan.'
          : `It resets ${format.instant(resetsAt)}.`,
      action: seePlans(words, upgradeTo),
    };
  },
  plan_required: ({ meter, upgradeTo }, words) => ({
    says: `Your plan does not have ${meter === undefined ? 'this' : words.titleOf(meter).many}.`,
    helps:
      upgradeTo === null
        ? 'No plan on sale has it.'
        : `${words.planName(upgradeTo)} is the smallest that has.`,
    action: seePlans(words, upgradeTo),
  }),
  insufficient_credits: ({ limit, used, resetsAt, available, upgradeTo }, words) => {
    const { format, credit } = words;
    if (available !== undefined) {
      return only(
        `You can give away ${format.counted(available, credit)}.`,
        'Only bought credits that are not spent can be given.',
      );
    }
    const figures =
      limit === undefined || used === undefined
        ? ''
        : ` You have used ${format.count(used)} of ${format.counted(limit, credit)} of this period.`;
    return {
      says: `No credits are left.${figures}`,
      helps: resetsAt === undefined ? null : `They reset ${format.instant(resetsAt)}.`,
      action: seePlans(words, upgradeTo) ?? { kind: 'credits', label: 'Buy credits' },
    };
  },
  payment_method_required: ({ price }, { format }) => ({
    says: `There is no card to charge ${format.money(price)} to.`,
    helps: 'Add a card, then try again. Nothing was charged.',
    action: CARD,
  }),
  payment_failed: ({ declineCode, price }, { format }) => ({
    says: `${DECLINES[declineCode ?? ''] ?? 'Your card was declined.'}${price === undefined ? '' : ` ${format.money(price)} were not charged.`}`,
    helps: 'Try again with another card.',
    action: CARD,
  }),
  payment_action_required: ({ price }, { format }) =>
    only(
      `Your bank wants you to confirm${price === undefined ? '' : ` ${format.money(price)}`}.`,
      'Nothing is charged before you do.',
    ),
  rate_limited: ({ meter, limit, resetsAt }, { format, titleOf }) =>
    only(
      meter === undefined
        ? `You have tried this ${format.count(limit)} times today.`
        : `You have used today’s ${format.counted(limit, titleOf(meter))}.`,
      `You can go on ${format.instant(resetsAt)}.`,
    ),
  busy: () => only('The server is busy.', 'Try again in a moment. What you have typed stays here.'),
  not_configured: () =>
    only('This is not set up yet.', 'The owner of the app has to connect Stripe first. Nothing was charged.'),
  invalid: ({ errors }) =>
    only(
      'Something in the form is not right.',
      errors.map(({ path, message }) => `${path}: ${message}`).join(' '),
    ),
  malformed: ({ detail }) => only('The server could not read this.', detail),
  too_large: ({ limitBytes }, { format }) =>
    only('This is too long.', `At most ${format.count(Math.floor(limitBytes / 1024))} kB fit.`),
  unauthenticated: () => only('You are not signed in.', 'Sign in, and try again.'),
  forbidden: () => only('You may not see this.', 'It is for the owner of the app.'),
  not_found: () => only('This is not there (any more).', 'Look at the list again.'),
  idempotency_conflict: () =>
    only(
      'You have sent this form already, with other words.',
      'Look below for what came of it, before you send it again.',
    ),
  already_claimed: () => only('Somebody has claimed this gift already.'),
  already_subscribed: () => ({
    says: 'You have a subscription already.',
    helps: 'Change it in place of a second one, or end it first.',
    action: { kind: 'usage', label: 'To your plan' },
  }),
  illegal_transition: (problem) => {
    const reason = 'reason' in problem ? CHANGE_REASONS[String(problem.reason)] : undefined;
    return only(reason ?? problem.detail);
  },
  internal: () =>
    only('Something went wrong on the server.', 'Try again. If it goes on, tell the owner of the app.'),
};

export const failures = {
  unreachable: 'The server does not answer.',
  unreachableHelp: 'Check your connection, and try again. What you have typed stays here.',
  tooMany: 'There are too many requests at the moment.',
  tooManyHelp: 'Wait a little, and try again.',
  gateway: 'The server could not be reached.',
  sessionEnded: 'You are not signed in any more.',
  sessionEndedHelp: 'Sign in, and try again. What you have typed stays here.',
};

export const element = {
  warning: (what: string) => `Approaching limit: ${what}`,
  reached: (what: string) => `Limit reached: ${what}`,
  more: 'Your usage',
  failed: 'Your usage cannot be shown at the moment.',
};

export const dashboard = {
  title: 'Dashboard',
  sections: 'Parts of the dashboard',
  overview: 'Overview',
  users: 'Users',
  audit: 'Audit trail',
  report: 'Report',
  operations: 'Operations',
  notOwner: 'This part is for the owner of the app',
  notOwnerHelp: 'You are signed in without the role that it takes.',
  range: 'Range',
  lastDays: (days: string) => `${days} days`,
  noRange: 'The address names no days up to today. These are the last 30.',
  from: 'From (UTC)',
  to: 'To (UTC)',
  totals: 'Totals',
  compared: (period: string) => `Compared with ${period}`,
  before: (count: string) => `${count} before`,
  activeUsers: 'Active users',
  creditsUsed: 'Credits used',
  trend: 'Trend',
  trendOf: 'Shown in the trend',
  near: 'Users near their limits',
  nearEmpty: 'Nobody is near a limit.',
  user: 'User',
  nearest: 'Nearest limit',
  percentOf: (percent: string, what: string) => `${percent} of ${what}`,
  resets: 'Resets',
  failedEvents: 'Failed events from Stripe',
  failedNone: 'No event has failed.',
  type: 'Event',
  reason: 'Reason',
  failedAt: 'Failed',
  action: 'Action',
  redrive: 'Send again',
  redriveAll: 'Send all again',
  redriven: (count: string) => `${count} are on their way again.`,
  rollovers: 'Rollover runs',
  noRollovers: 'No run in the last 30 days.',
  ran: 'Run',
  accounts: 'Accounts',
  errors: 'Errors',
  took: 'Took',
  seconds: (seconds: string) => `${seconds} s`,
  checks: 'Stripe’s check',
  noCheck: 'No check has run yet. It runs once a day.',
  checkGood: (at: string) => `Everything at Stripe is as the catalogue says. Checked ${at}.`,
  checkBad: (count: string, at: string) => `${count} differences. Checked ${at}.`,
  catalogue: 'Catalogue in force',
  since: (at: string) => `Since ${at}`,
  notRecorded: 'No deployment has recorded it.',
  version: (version: string) => `Version ${version}`,
  lastDiff: (at: string, accounts: string, gaining: string, losing: string) =>
    `Last comparison ${at}: ${accounts} accounts, ${gaining} gain something, ${losing} lose something.`,
  noDiff: 'Nobody has compared it with another one yet.',
  wholeCatalogue: 'The whole catalogue',
  find: 'Find a user',
  userId: 'User id',
  show: 'Show',
  account: 'Account',
  erased: (at: string) => `This user was erased ${at}.`,
  status: 'Status',
  proof: 'Proof of the books',
  proofHolds: (movements: string) => `The books close: ${movements} movements add up to the account.`,
  proofFails: 'The books do not close. Each line names a figure of the account and what it should be.',
  field: 'Figure',
  stands: 'Account',
  expected: 'Expected',
  prove: 'Add up the ledger',
  provenAt: (at: string) => `Added up ${at}`,
  ledger: 'Ledger',
  showLedger: 'Show the ledger',
  adjust: 'Correct credits',
  adjustHelp:
    'Above 0 gives credits, below 0 takes them. The ledger and the audit trail show you and the reason.',
  amount: 'Credits',
  why: 'Reason',
  adjustButton: 'Correct',
  adjusted: (amount: string, available: string) => `${amount}. ${available} are available now.`,
  actor: 'By',
  event: 'What',
  when: 'When',
  data: 'Details',
  day: 'Day (UTC)',
  anyType: 'Any',
  apply: 'Show',
  auditEmpty: 'Nothing of this kind was recorded.',
  auditHelp: 'Choose a day, a user, or both.',
  month: 'Month (UTC)',
  noMonth: 'The address names no month up to now. This is the present one.',
  reportTitle: 'How mails and credits did',
  delivered: 'Mails sent',
  deliveredBy: (free: string, paid: string) => `${free} with a credit, ${paid} by card`,
  revenue: 'Revenue',
  refunded: (sum: string) => `${sum} refunded`,
  disputes: 'Disputes',
  disputesOf: (won: string, lost: string) => `${won} won, ${lost} lost`,
  perUser: 'Mails per subscriber',
  rate: 'Rate',
  value: 'Value',
  threshold: 'Threshold',
  rates: {
    creditUtilization: 'Credits used of those included',
    exhaustion: 'Users without credits',
    payAsYouGoConversion: 'Paid by card when credits were out',
    failedPayments: 'Failed payments',
    refunds: 'Refunds',
  },
  crossed: 'Crossed',
  within: 'Within',
  noValue: 'Nothing to measure',
  noThreshold: 'No threshold',
  none: '–',
};
