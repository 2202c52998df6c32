/** The mistakes in an owner's catalogue. A file in JavaScript has no types, so it is looked at from the outside. */
import { BILLING_INTERVALS, type CatalogueFile } from './catalogue.ts';
import {
  type Check,
  entriesOf,
  fieldOf,
  listOf,
  type Mistake,
  mistake,
  object,
  oneOf,
  record,
  text,
  wholeNumber,
  within,
} from './mistakes.ts';

/** More would make each command on the account dearer, and its item too large. */
const MOST_LIMITED = 24;
/** Each use of such a meter also removes a month of days from the account, and an expression has its limits. */
const MOST_PER_DAY = 4;
/** Far below what stands for "unlimited". */
const LARGEST = 1_000_000_000;
/** As Stripe has it. */
const MOST_TRIAL_DAYS = 730;
const MOST_GRACE_DAYS = 90;
const MOST_PERIODS_CARRIED = 12;

const ID = /^[a-z][a-z0-9_]{0,31}$/;
/** Of the account, of JavaScript's objects, and of the counts of a day. */
const TAKEN = /^(credits|constructor|today_.*|d\d+_.*)$/;

const id = (name: string, entry: string): Mistake[] => {
  if (!ID.test(name)) {
    return mistake(entry, 'An id is 1 to 32 of a to z, 0 to 9 and _, and begins with one of a to z.');
  }
  return TAKEN.test(name) ? mistake(entry, `Postage itself uses the name "${name}".`) : [];
};

const title: Check = (value, entry) => {
  const names = listOf(value) ?? [];
  return names.length === 2 && names.every((each) => text(each, entry).length === 0)
    ? []
    : mistake(entry, "This must be the name for one and for many: ['image', 'images'].");
};

const price = object({ amountCents: wholeNumber(1, LARGEST), currency: oneOf('usd') });

const address: Check = (value, entry) =>
  typeof value === 'string' && /^https:\/\/\S+$/.test(value) && URL.canParse(value)
    ? []
    : mistake(entry, 'This must be an address, https://….');

/** Ten fit behind any prefix: both and `* ` between them are at most 22. */
const descriptor: Check = (value, entry) =>
  typeof value === 'string' && /^(?=.*[a-z])[^<>\\'"*]{1,10}$/i.test(value) && value === value.trim()
    ? []
    : mistake(entry, `This must be 1 to 10 characters, one of a to z among them, and none of < > \\ ' " *.`);

const checkout = object(
  {},
  {
    tax: oneOf('exclusive', 'inclusive'),
    promotionCodes: oneOf(true, false),
    termsUrl: address,
    privacyUrl: address,
    statementDescriptor: descriptor,
    invoices: oneOf(true, false),
  },
);

/** What the parts of a catalogue must know of each other. */
interface Whole {
  meters: readonly string[];
  levels: readonly string[];
  features: readonly string[];
  /** Meters that cost credits. */
  costing: readonly string[];
  hasCredit: boolean;
  /** Whether money may pay for a credit that is missing. */
  chargesExtraCredits: boolean;
}

function wholeOf(file: unknown, hasPaidCommands: boolean): Whole {
  const idsOf = (name: string): string[] => entriesOf(fieldOf(file, name)).map(([each]) => each);
  const costing = entriesOf(fieldOf(file, 'meters'))
    .filter(([, meter]) => Number(fieldOf(meter, 'credits') ?? 0) > 0)
    .map(([each]) => each);
  return {
    meters: idsOf('meters'),
    levels: idsOf('levels'),
    features: idsOf('features'),
    costing,
    hasCredit: fieldOf(file, 'credit') !== undefined,
    chargesExtraCredits: hasPaidCommands && costing.length > 0,
  };
}

/**
 * Everything that is wrong with a catalogue.
 *
 * @param hasPaidCommands whether an app on top of the core lets a card pay where credits are missing
 */
export function mistakesOfCatalogue(file: unknown, hasPaidCommands: boolean): Mistake[] {
  const whole = wholeOf(file, hasPaidCommands);
  const check = object(
    {
      meters: record(id, meterIn(whole)),
      plans: plansIn(whole),
      graceDays: wholeNumber(0, MOST_GRACE_DAYS),
      trialDays: wholeNumber(0, MOST_TRIAL_DAYS),
    },
    {
      levels: record(id, levelIn(whole)),
      features: record(id, object({ title: text })),
      credit: creditIn(whole),
      checkout,
    },
  );
  return [...check(file, ''), ...tooMany(file, whole)];
}

/** Whether it is a catalogue, such as one that was recorded. */
export function isCatalogueFile(value: unknown): value is CatalogueFile {
  return mistakesOfCatalogue(value, true).length === 0;
}

function tooMany(file: unknown, { meters, levels }: Whole): Mistake[] {
  const limited = meters.length + levels.length;
  const perDay = entriesOf(fieldOf(file, 'meters')).filter(
    ([, meter]) => fieldOf(meter, 'perDay') !== undefined,
  );
  return [
    ...(limited > MOST_LIMITED
      ? mistake(
          'meters',
          `There are ${String(limited)} meters and levels. At most ${String(MOST_LIMITED)} fit.`,
        )
      : []),
    ...(perDay.length > MOST_PER_DAY
      ? mistake(
          'meters',
          `${String(perDay.length)} meters have a perDay. At most ${String(MOST_PER_DAY)} may.`,
        )
      : []),
  ];
}

function meterIn({ hasCredit }: Whole): Check {
  const credits: Check = (value, entry) =>
    hasCredit
      ? wholeNumber(1, LARGEST)(value, entry)
      : mistake(entry, 'The catalogue has no "credit" that this could cost.');
  return object(
    { title },
    { credits, perDay: wholeNumber(1, LARGEST), suspiciousAbove: wholeNumber(1, LARGEST) },
  );
}

function levelIn({ meters }: Whole): Check {
  const isNoMeter = (entry: string): Mistake[] =>
    meters.some((meter) => entry === within('levels', meter))
      ? mistake(entry, 'A meter has this id too.')
      : [];
  return (value, entry) => [...isNoMeter(entry), ...object({ title })(value, entry)];
}

function creditIn({ costing }: Whole): Check {
  const isSpent =
    (check: Check): Check =>
    (value, entry) =>
      costing.length === 0 && value !== false
        ? mistake(entry, 'No meter costs credits, so nobody could spend them.')
        : check(value, entry);
  const size = (name: string, entry: string): Mistake[] =>
    /^[1-9]\d{0,8}$/.test(name) ? [] : mistake(entry, 'A bundle is a whole number of credits, 1 at least.');
  return object({ title }, { bundles: isSpent(record(size, price)), giftable: isSpent(oneOf(true, false)) });
}

/** The plans, each named by its id, or by its place while it has none. */
function plansIn(whole: Whole): Check {
  return (value, entry) => {
    const plans = listOf(value) ?? [];
    if (plans.length === 0) {
      return mistake(entry, 'There is no plan. The first one is everybody’s who has no subscription.');
    }
    const ids = plans.map((plan) => fieldOf(plan, 'id'));
    return plans.flatMap((plan, index) => {
      const name = ids[index];
      const own = within(entry, typeof name === 'string' && name !== '' ? name : String(index));
      const isTwice = name !== undefined && ids.indexOf(name) < index;
      return [
        ...(isTwice ? mistake(own, 'An earlier plan has this id too.') : []),
        ...planIn(whole)(plan, own),
        ...(index === 0 ? mistakesOfFree(plan, own) : mistakesOfSold(plan, own)),
      ];
    });
  };
}

function planIn(whole: Whole): Check {
  const { features, chargesExtraCredits, hasCredit, costing } = whole;
  const known: Check = (value, entry) =>
    features.some((each) => each === value) ? [] : mistake(entry, `There is no feature "${String(value)}".`);
  const listed: Check = (value, entry) => {
    const list = listOf(value);
    return list === null
      ? mistake(entry, "This must be a list of features, ['priority_support'].")
      : list.flatMap((each, index) => [
          ...known(each, entry),
          ...(list.indexOf(each) < index ? mistake(entry, `"${String(each)}" is listed twice.`) : []),
        ]);
  };
  const extra: Check = (value, entry) =>
    chargesExtraCredits
      ? price(value, entry)
      : mistake(entry, 'Nothing charges this: no command lets a card pay for a credit that is missing.');
  const credits: Check = (value, entry) =>
    hasCredit && costing.length > 0
      ? wholeNumber(0, LARGEST)(value, entry)
      : mistake(entry, 'No meter costs credits, so nobody could spend them.');
  const carryOver: Check = (value, entry) => [
    ...object({ cap: wholeNumber(1, LARGEST), periods: wholeNumber(1, MOST_PERIODS_CARRIED) })(value, entry),
  ];
  const idOfPlan: Check = (value, entry) => id(typeof value === 'string' ? value : '', entry);
  const check = object(
    { id: idOfPlan, title: text, limits: limitsIn(whole) },
    { credits, extraCredit: extra, carryOver, prices, features: listed, retired: oneOf(true) },
  );
  return (plan, entry) => [...check(plan, entry), ...carriesNothing(plan, entry)];
}

const prices: Check = object({}, Object.fromEntries(BILLING_INTERVALS.map((interval) => [interval, price])));

function carriesNothing(plan: unknown, entry: string): Mistake[] {
  const carries = fieldOf(plan, 'carryOver') !== undefined;
  return carries && Number(fieldOf(plan, 'credits') ?? 0) === 0
    ? mistake(within(entry, 'carryOver'), 'The plan includes no credits that could be carried over.')
    : [];
}

/** A meter draws on one thing: on its limit, or on credits. */
function limitsIn({ meters, levels, costing }: Whole): Check {
  const exists = (name: string, entry: string): Mistake[] =>
    [...meters, ...levels].includes(name) ? [] : mistake(entry, `There is no meter or level "${name}".`);
  const limit: Check = (value, entry) => {
    if (value === 'unlimited') {
      return [];
    }
    if (typeof value === 'number' && costing.some((meter) => entry.endsWith(`.limits.${meter}`))) {
      return mistake(entry, "The meter costs credits, which limit it. In this plan it must be 'unlimited'.");
    }
    return wholeNumber(0, LARGEST)(value, entry).map((each) => ({
      ...each,
      message: `This must be 'unlimited' or a whole number from 0 to ${String(LARGEST)}.`,
    }));
  };
  return record(exists, limit);
}

function mistakesOfFree(plan: unknown, entry: string): Mistake[] {
  const why = 'The first plan is everybody’s who has no subscription';
  return [
    ...(fieldOf(plan, 'prices') === undefined
      ? []
      : mistake(within(entry, 'prices'), `${why}, so it has no price.`)),
    ...(fieldOf(plan, 'retired') === undefined
      ? []
      : mistake(within(entry, 'retired'), `${why}, so it can’t be retired.`)),
  ];
}

function mistakesOfSold(plan: unknown, entry: string): Mistake[] {
  const isSold = fieldOf(plan, 'retired') !== true;
  return isSold && entriesOf(fieldOf(plan, 'prices')).length === 0
    ? mistake(within(entry, 'prices'), 'Nobody could buy this plan. It needs a price, or retired: true.')
    : [];
}
