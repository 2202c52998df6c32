import { type PostalRecipient } from './deliveries.ts';
import { LONGEST_LINES_TOGETHER } from './mail-limits.ts';

/** What is wrong with one part of an address. */
export interface AddressFault {
  part: 'name' | 'line1' | 'line2' | 'city' | 'state' | 'postalCode';
  /** `malformed`: the country writes it in another way, such as `example`. `too_long`: with the line before it. */
  fault: { kind: 'missing' } | { kind: 'malformed'; example: string } | { kind: 'too_long' };
}

interface Pattern {
  pattern: RegExp;
  example: string;
}

interface CountryRules {
  /** Present if a mail does not arrive without a state, a province or a prefecture. */
  state?: Pattern;
  /** `none`: the country has no postal codes. Absent: any text will do. */
  postalCode?: Pattern | 'none';
}

const FOUR_DIGITS: Pattern = { pattern: /^\d{4}$/, example: '1010' };
const FIVE_DIGITS: Pattern = { pattern: /^\d{5}$/, example: '10115' };
const SIX_DIGITS: Pattern = { pattern: /^\d{6}$/, example: '110001' };
const ANY_STATE: Pattern = { pattern: /\S/, example: 'Jalisco' };

/**
 * Where addresses have no postal code, by Google's address data (https://chromium-i18n.appspot.com/ssl-address/data), as the
 * package localized-address-format brings them. A test compares the list with that package.
 */
export const WITHOUT_POSTAL_CODES: readonly string[] = `
  AE AG AO AQ AW BF BI BJ BO BQ BS BV BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM GQ GY HK JM KI
  KM KN LC LY ML MO MR MS MW NR NU PA PS QA RW SB SC SL SR SS ST SX SY TD TF TG TK TL TO TT TV UG VU WS
  YE ZW
`
  .trim()
  .split(/\s+/);

/** The rules of the most common countries, and of those without postal codes. Others take any postal code. */
const COUNTRIES: Readonly<Record<string, CountryRules>> = {
  US: {
    state: { pattern: /^[A-Z]{2}$/, example: 'IL' },
    postalCode: { pattern: /^\d{5}(-\d{4})?$/, example: '62701' },
  },
  CA: {
    state: { pattern: /^[A-Z]{2}$/, example: 'ON' },
    postalCode: { pattern: /^[A-Z]\d[A-Z] ?\d[A-Z]\d$/i, example: 'K1A 0B1' },
  },
  AU: { state: { pattern: /^[A-Z]{2,3}$/, example: 'NSW' }, postalCode: FOUR_DIGITS },
  BR: { state: ANY_STATE, postalCode: { pattern: /^\d{5}-?\d{3}$/, example: '01310-100' } },
  CN: { state: ANY_STATE, postalCode: SIX_DIGITS },
  IN: { state: ANY_STATE, postalCode: { pattern: /^\d{3} ?\d{3}$/, example: '110001' } },
  JP: { state: ANY_STATE, postalCode: { pattern: /^\d{3}-?\d{4}$/, example: '100-0001' } },
  MX: { state: ANY_STATE, postalCode: FIVE_DIGITS },
  AT: { postalCode: FOUR_DIGITS },
  BE: { postalCode: FOUR_DIGITS },
  CH: { postalCode: FOUR_DIGITS },
  DE: { postalCode: FIVE_DIGITS },
  DK: { postalCode: FOUR_DIGITS },
  ES: { postalCode: FIVE_DIGITS },
  FI: { postalCode: FIVE_DIGITS },
  FR: { postalCode: FIVE_DIGITS },
  GB: {
    postalCode: { pattern: /^(GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$/i, example: 'SW1Y 4JH' },
  },
  IE: { postalCode: { pattern: /^[A-Z][\dW]\d ?[A-Z\d]{4}$/i, example: 'D02 AF30' } },
  IT: { postalCode: FIVE_DIGITS },
  NL: { postalCode: { pattern: /^\d{4} ?[A-Z]{2}$/i, example: '1012 JS' } },
  NO: { postalCode: FOUR_DIGITS },
  NZ: { postalCode: FOUR_DIGITS },
  PL: { postalCode: { pattern: /^\d{2}-\d{3}$/, example: '00-001' } },
  PT: { postalCode: { pattern: /^\d{4}-\d{3}$/, example: '1000-001' } },
  SE: { postalCode: { pattern: /^\d{3} ?\d{2}$/, example: '111 22' } },
  ...Object.fromEntries(WITHOUT_POSTAL_CODES.map((country) => [country, { postalCode: 'none' }] as const)),
};

/** What is wrong with an address, in the order of its lines. */
export function faultsOfAddress(address: PostalRecipient): AddressFault[] {
  const { state, postalCode } = COUNTRIES[address.country] ?? {};
  return [
    ...faultOf('name', address.name),
    ...faultOf('line1', address.line1),
    ...faultOfBothLines(address),
    ...faultOf('city', address.city),
    ...(state === undefined ? [] : faultOf('state', address.state, state)),
    ...(postalCode === 'none' ? [] : faultOf('postalCode', address.postalCode, postalCode)),
  ];
}

/** Of two lines that are not too long by themselves. */
function faultOfBothLines({ line1, line2 }: PostalRecipient): AddressFault[] {
  const [one, other] = [line1.trim().length, line2?.trim().length ?? 0];
  const isEachShort = Math.max(one, other) <= LONGEST_LINES_TOGETHER;
  return isEachShort && one + other > LONGEST_LINES_TOGETHER
    ? [{ part: 'line2', fault: { kind: 'too_long' } }]
    : [];
}

function faultOf(part: AddressFault['part'], text: string | undefined, pattern?: Pattern): AddressFault[] {
  if (text === undefined || text.trim() === '') {
    return [{ part, fault: { kind: 'missing' } }];
  }
  return pattern === undefined || pattern.pattern.test(text.trim())
    ? []
    : [{ part, fault: { kind: 'malformed', example: pattern.example } }];
}
