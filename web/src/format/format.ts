/** The one place that words money, counts and times: in a language, and in the zone of who reads them. */

export interface Price {
  amountCents: number;
  currency: string;
}

export interface Title {
  one: string;
  many: string;
}

export interface Format {
  money: (price: Price) => string;
  count: (count: number) => string;
  /** `3 mail credits` */
  counted: (count: number, title: Title) => string;
  /** With its sign: `+3`, `−1`. */
  signed: (count: number) => string;
  share: (share: number) => string;
  /** With the zone: `1 Dec 2026, 01:00 CET`. */
  instant: (iso: string) => string;
  /** A time that is promised by the clocks of a zone: `1 Dec 2026, 09:00, Europe/London`. */
  promised: (promise: { local: string; zone: string }) => string;
  day: (iso: string) => string;
  /** Without the year, where room is scarce. */
  dayAndMonth: (iso: string) => string;
  /** The first and the last day of a period whose end belongs to the next: `1 Oct – 31 Oct 2026`. */
  period: (startsAt: string, endsAt: string) => string;
  /** The time of a day, with the zone. */
  time: (at: Date) => string;
  /** A day or month of the calendar that has no zone: `2026-12-01`, `2026-12`. */
  calendarDay: (day: string) => string;
  calendarDayAndMonth: (day: string) => string;
  calendarMonth: (month: string) => string;
  zone: string;
  locale: string;
}

export interface Reader {
  /** A language tag, such as `en-GB`. */
  locale: string;
  /** As in the IANA database. */
  timeZone: string;
}

export function createFormat({ locale, timeZone }: Reader): Format {
  const number = new Intl.NumberFormat(locale);
  const signed = new Intl.NumberFormat(locale, { signDisplay: 'exceptZero' });
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const plurals = new Intl.PluralRules(locale);
  const date = { day: 'numeric', month: 'short', year: 'numeric' } as const;
  const time = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;
  const instant = new Intl.DateTimeFormat(locale, { ...date, ...time, timeZone });
  const wall = new Intl.DateTimeFormat(locale, {
    ...date,
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  });
  const day = new Intl.DateTimeFormat(locale, { ...date, timeZone });
  const dayAndMonth = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone });
  const timeOfDay = new Intl.DateTimeFormat(locale, { ...time, timeZone });
  const calendarDay = new Intl.DateTimeFormat(locale, { ...date, timeZone: 'UTC' });
  const calendarDayAndMonth = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  });
  const calendarMonth = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return {
    money: (price) => moneyIn(locale, price),
    count: (count) => number.format(count),
    counted: (count, title) =>
      `${number.format(count)} ${plurals.select(count) === 'one' ? title.one : title.many}`,
    signed: (count) => signed.format(count).replace('-', '−'),
    share: (share) => percent.format(share),
    instant: (iso) => instant.format(new Date(iso)),
    promised: ({ local, zone }) => `${wall.format(new Date(`${local}Z`))}, ${zone.replaceAll('_', ' ')}`,
    day: (iso) => day.format(new Date(iso)),
    dayAndMonth: (iso) => dayAndMonth.format(new Date(iso)),
    period: (startsAt, endsAt) => day.formatRange(new Date(startsAt), new Date(Date.parse(endsAt) - 1)),
    time: (at) => timeOfDay.format(at),
    calendarDay: (text) => calendarDay.format(new Date(`${text}T00:00:00Z`)),
    calendarDayAndMonth: (text) => calendarDayAndMonth.format(new Date(`${text}T00:00:00Z`)),
    calendarMonth: (text) => calendarMonth.format(new Date(`${text}-01T00:00:00Z`)),
    zone: timeZone,
    locale,
  };
}

function moneyIn(locale: string, { amountCents, currency }: Price): string {
  const money = new Intl.NumberFormat(locale, { style: 'currency', currency: currency.toUpperCase() });
  // Yen have no smaller unit, dinars a thousand.
  const digits = money.resolvedOptions().maximumFractionDigits ?? 2;
  return money.format(amountCents / 10 ** digits);
}

/** Whoever reads the page, in the language that its texts are in. */
export function readerOf(language: string, languages: readonly string[]): Reader {
  const locale = languages.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
  return { locale, timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone };
}
