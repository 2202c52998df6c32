/**
 * What the owner's file says of each deployment (`stages`): every setting, what it may be, and the words for a mistake.
 * docs/stages.md has the same for readers.
 */
import * as z from 'zod/mini';
import { type Mistake, mistake, within } from '../lambdas/domain/mistakes.ts';
import { DUE_SHARDS } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { ROUTES } from '../lambdas/letters/http/routes.ts';

/** For how many days CloudWatch can keep a log. */
export const LOG_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/** What sends letters and applies the senders' answers. */
const QUEUED = ['email-sender', 'mail-sender', 'delivery-answers'] as const;

const GROUPS = [...new Set(ROUTES.map(({ group }) => group))];

const AN_OBJECT = 'This must be an object, { … }.';

/** An object with these settings and no others. */
function settings<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, only(Object.keys(shape)));
}

function only(names: readonly string[]) {
  const unknown = `Nothing of this name is known here. Known are ${names.join(', ')}.`;
  return {
    error: ({ code }: { code?: string }) => (code === 'unrecognized_keys' ? unknown : AN_OBJECT),
  };
}

/** With what it means, which is told to who leaves it out. */
function told<Schema extends z.ZodMiniType>(meaning: string, schema: Schema): Schema {
  return schema.check(z.describe(meaning));
}

const flag = z.boolean('This must be true or false.');

function wholeNumber(least: number, most: number) {
  const says = `This must be a whole number from ${String(least)} to ${String(most)}.`;
  return z.int(says).check(z.gte(least, says), z.lte(most, says));
}

function text(pattern: RegExp, says: string) {
  return z.string(says).check(z.regex(pattern, says));
}

function listOf<Each extends z.core.SomeType>(each: Each, says: string) {
  return z.array(each, says).check(z.minLength(1, says));
}

function address(pattern: RegExp, says: string) {
  return z.string(says).check(z.refine((url) => pattern.test(url) && URL.canParse(url), says));
}

/** This machine is for tries, so it needs no TLS. */
const HTTPS_OR_HERE = /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)(?=[:/]|$))/;

const webPage = address(
  /^https?:\/\//,
  'This must be a whole address, such as https://app.example.com/billing.',
);

const ORIGIN = 'An origin is a scheme and a host without a path, such as https://app.example.com.';

const origin = text(/^https?:\/\/[a-z0-9.-]+(:\d+)?$/, ORIGIN);

const EMAIL_ADDRESS = /^[^\s<>@",;]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

/** In ASCII, as SES takes it. A line's end in the name would begin another header. */
const FROM =
  /^(?:[^<>\p{Cc}]+ <(?:(?![<>@",;])[!-~])+@[a-z0-9-]+(?:\.[a-z0-9-]+)+>|(?:(?![<>@",;])[!-~])+@[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/iu;

const ARN = (service: string, resource: string) =>
  new RegExp(String.raw`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:\d{12}:${resource}[:/].+$`);

const issuer = settings({
  /** As in the token's `iss`. */
  url: address(HTTPS_OR_HERE, 'An issuer has an https address, such as https://login.example.com/.'),
  /** What the token's `aud` (or `client_id`) may be. */
  audience: listOf(z.string('An audience is a text.'), "This must list an audience, such as ['postage']."),
});

const domain = settings({
  /** `api.example.com`. */
  name: text(
    /^[a-z0-9-]+(\.[a-z0-9-]+)+$/,
    'A domain is a name in lower case without a scheme, such as api.example.com.',
  ),
  /** Of the name's certificate in ACM: in the stack's region, or in us-east-1 with `edge` or `page`. */
  certificateArn: text(
    ARN('acm', 'certificate'),
    'A certificate has an ARN, such as arn:aws:acm:us-east-1:123456789012:certificate/….',
  ),
});

const emailFrom = text(FROM, "E-mails come from an address: 'Postage <letters@example.com>'.");

const senders = settings({
  /** Whom e-mails come from; SES must know the address or its domain. Null: another sender, or none. */
  emailFrom: z.nullable(emailFrom),
  /** The id of the address at Lob that mails come from. Null: another sender, or none. */
  mailFrom: z.nullable(
    text(/^adr_\w+$/, "Mails come from an address at Lob, by its id: 'adr_0123456789abcdef'."),
  ),
});

const signIn = settings({
  /** Whether anybody may sign up. False: only the owner makes users. */
  signUp: z.optional(flag),
  /** Whom codes come from; SES must know the domain. `senders.emailFrom` unless told. Null: Cognito, 50 a day at most. */
  emailFrom: z.nullish(emailFrom),
  /** Where the sign-in page may send users back to with a code, beside the stage's page. `appUrl` unless told. */
  callbackUrls: z.optional(listOf(webPage, 'This must list whole addresses.')),
});

const limits = settings({
  /** Requests a second to the whole API; beyond it 429. 1,000 unless told. */
  requestsPerSecond: z.optional(wholeNumber(1, 100_000)),
  /** Requests a second to each route of a group, where the default is not meant. */
  routesPerSecond: z.optional(z.partialRecord(z.enum(GROUPS), wholeNumber(1, 100_000), only(GROUPS))),
  /** How many letters above 4 kB a user may send in a minute. 20 unless told. */
  largeTextsPerMinute: z.optional(wholeNumber(1, 10_000)),
  /** Functions that deal with what is due at the same time, some 175 deliveries a second each. 1 unless told. */
  reconcilers: z.optional(wholeNumber(1, DUE_SHARDS)),
  /** Batches of ten that a sender, or what applies the senders' answers, works on at once. 2 unless told. */
  batchesAtOnce: z.optional(z.partialRecord(z.enum(QUEUED), wholeNumber(2, 1_000), only(QUEUED))),
  /** Dollars a month. When the AWS account's bill is above, or will be, the alarms' topic is told. Null: it is not. */
  monthlyDollars: z.nullish(wholeNumber(1, 1_000_000_000)),
  /** The most that may be written to the table in a second: a ceiling for the bill. Null: none but the account's. */
  maxWriteRequestUnits: z.nullish(wholeNumber(1, 1_000_000)),
  /** What the table can take from its first second. Null: what a new table takes. */
  warmThroughput: z.nullish(
    settings({
      /** 12,000 is what each table has; AWS bills more once. */
      readUnitsPerSecond: wholeNumber(12_000, 10_000_000),
      writeUnitsPerSecond: wholeNumber(4_000, 10_000_000),
    }),
  ),
});

const retention = settings({
  /** For how many days logs are kept. 90 unless told. */
  logDays: z.optional(z.literal(LOG_DAYS, `CloudWatch keeps logs for ${LOG_DAYS.join(', ')} days.`)),
  /** To how many days ago the table can be restored. 35 unless told. */
  backupDays: z.optional(wholeNumber(1, 35)),
});

const restoredTable = settings({
  name: text(/^[\w.-]{3,255}$/, 'A table has a name of letters, digits, dots, hyphens and underscores.'),
  /** DynamoDB gives each stream a name of its own. */
  streamArn: text(ARN('dynamodb', 'table'), 'A stream has an ARN, arn:aws:dynamodb:…:table/…/stream/….'),
});

const edge = settings({
  /** How many requests an address may make in five minutes; beyond it, WAF refuses them. */
  requestsPerFiveMinutes: wholeNumber(10, 2_000_000_000),
});

const page = settings({
  /** Shown in the head of the page. "Postage" unless told. */
  name: z.optional(text(/^\S(.*\S)?$/, 'The page has a name, such as Pictures.')),
  /** What the page is to the stage's own issuer; the pool that the stack makes has one for it. */
  client: z.optional(
    settings({
      id: text(/^\S+$/, 'A client has an id, which the issuer gives it.'),
      /** What it asks for. `openid` unless told. */
      scope: z.optional(text(/^\S+( \S+)*$/, 'This is one scope or more, with a blank between two.')),
      /** Where its tokens come from, where that is not the issuer's origin. */
      origins: z.optional(listOf(origin, "This must list origins, such as ['https://tokens.example.com'].")),
      /** Where users sign out, for an issuer whose own document does not say it. */
      signOutUrl: z.optional(webPage),
    }),
  ),
  /** Stripe's, for cards whose bank asks for their holder. Without it, such payments can't be finished on the page. */
  stripePublishableKey: z.optional(
    text(/^pk_(test|live)_\w+$/, 'This key of Stripe begins with pk_test_ or pk_live_.'),
  ),
});

/** One stage. What may be null is left at its default by null; a protected stage must say even that. */
const stage = settings({
  disposable: told(
    "Whether the stage's data may be lost. It leaves nothing behind when it is destroyed. Else it is protected.",
    z.optional(flag),
  ),
  appUrl: told(
    "Where users come back to from Stripe's pages and from signing in. Null: to the stage's own page.",
    z.nullable(webPage),
  ),
  issuer: told(
    'Whose tokens are accepted. Null: those of a Cognito user pool that the stack makes.',
    z.nullish(issuer),
  ),
  signIn: told('The sign-in of that pool. Null: nobody signs up by themselves.', z.nullish(signIn)),
  origins: told(
    'Origins of pages that may call the API from a browser. Null: none.',
    z.nullish(
      listOf(
        z.union([z.literal('*'), origin], ORIGIN),
        "This must list origins, such as ['https://app.example.com'].",
      ),
    ),
  ),
  domain: told(
    "The API's own name. Null: the one that AWS gives it, which a new stack changes.",
    z.nullish(domain),
  ),
  senders: told(
    'Whom letters come from. Null: the senders that Postage brings are left out.',
    z.nullish(senders),
  ),
  alarmEmails: told(
    'Who gets an e-mail when an alarm rings. Null: nobody.',
    z.nullish(
      listOf(
        text(EMAIL_ADDRESS, 'This must be an e-mail address, such as on-call@example.com.'),
        "This must list addresses, such as ['on-call@example.com'].",
      ),
    ),
  ),
  limits: told('How much the API and the table take. Null: the defaults.', z.nullish(limits)),
  retention: told('For how long logs and backups are kept. Null: the defaults.', z.nullish(retention)),
  edge: told('CloudFront in front of the API, with a WAF rule per address. Null: none.', z.nullish(edge)),
  page: told('The web page under /app/, by CloudFront. Null: none.', z.nullish(page)),
  stripeApiUrl: told(
    "Another server than Stripe's, to try a stack out with.",
    z.nullish(address(HTTPS_OR_HERE, 'This must be an https address, or one on this machine.')),
  ),
  gradual: told(
    'Whether new code gets its first requests by and by, and goes back when alarms ring. Null: at once.',
    z.nullish(flag),
  ),
  canary: told(
    'Whether a test user asks the API and uses a meter every five minutes. Null: no.',
    z.nullish(flag),
  ),
  backupCopy: told(
    'The vault in another account that gets copies of the table. Null: none.',
    z.nullish(
      text(
        ARN('backup', 'backup-vault'),
        'A vault has an ARN, arn:aws:backup:eu-west-1:123456789012:backup-vault:….',
      ),
    ),
  ),
  table: told(
    'A table that was restored from a backup, in place of the one that the stack makes.',
    z.optional(restoredTable),
  ),
  tracing: told('Whether requests are traced with X-Ray. Null: no.', z.nullish(flag)),
});

export type StageEntry = z.infer<typeof stage>;

/** The owner's `stages`, by their names. */
export type Stages = Readonly<Record<string, StageEntry>>;

/** Every setting and what it means. */
export const SETTINGS = Object.entries(stage.shape).map(([name, schema]) => ({
  name,
  meaning: z.globalRegistry.get(schema)?.description ?? '',
}));

/** Those that no protected stage has, and what only a restore needs. */
const NEVER_ASKED_FOR = ['disposable', 'stripeApiUrl', 'table'];

/** What a protected stage must say and does not, if only that it is null. */
export function unsaidBy(entry: StageEntry): typeof SETTINGS {
  const said = new Map(Object.entries(entry));
  return SETTINGS.filter(({ name }) => said.get(name) === undefined && !NEVER_ASKED_FOR.includes(name));
}

/** Everything that is wrong with what the file exports as `stages`. */
export function mistakesOfStages(stages: unknown): Mistake[] {
  const { error, data } = z.record(z.string(), stage, AN_OBJECT).safeParse(stages, { reportInput: true });
  const names = typeof stages === 'object' && stages !== null ? Object.keys(stages) : [];
  return [
    ...names.flatMap((name) => mistakesOfName(name, within('stages', name))),
    ...(error?.issues ?? []).flatMap(({ path, message, ...issue }) => {
      const entry = path.reduce<string>((whole, each) => within(whole, String(each)), 'stages');
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.flatMap((key) => mistake(within(entry, key), message));
      }
      return mistake(entry, issue.input === undefined ? 'This is missing.' : message);
    }),
    ...Object.entries(data ?? {}).flatMap(([name, entry]) => mistakesOfEntry(entry, within('stages', name))),
  ];
}

function mistakesOfName(name: string, entry: string): Mistake[] {
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(name)) {
    return mistake(
      entry,
      'A stage is 1 to 16 lower-case letters, digits and hyphens, and begins with a letter.',
    );
  }
  // https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html
  const reserved = ['aws', 'amazon', 'cognito'].find((word) => name.includes(word));
  return reserved === undefined
    ? []
    : mistake(entry, `A stage's name can't contain "${reserved}": Cognito refuses that in a domain.`);
}

/** What no single setting shows. */
function mistakesOfEntry(settings: StageEntry, entry: string): Mistake[] {
  const { disposable, appUrl, issuer, signIn, origins, domain, stripeApiUrl } = settings;
  const tell = (isWrong: boolean, name: string, message: string): Mistake[] =>
    isWrong ? mistake(within(entry, name), message) : [];
  const isProtected = disposable !== true;
  const isPlain = (url: string | null | undefined): boolean => url?.startsWith('http:') === true;
  const certificate = domain?.certificateArn.split(':')[3];
  return [
    ...tell(
      isProtected && isPlain(appUrl),
      'appUrl',
      'This must be an https address, as the stage is not disposable.',
    ),
    ...tell(
      isProtected && isPlain(issuer?.url),
      'issuer.url',
      'An issuer has an https address, as the stage is not disposable.',
    ),
    ...tell(
      (issuer ?? null) !== null && (signIn ?? null) !== null,
      'signIn',
      'This is for the pool that the stack makes, and the stage has an issuer of its own: say null.',
    ),
    ...tell(
      isProtected && origins?.includes('*') === true,
      'origins',
      '"*" lets every page call the API. Only a disposable stage may say so: list the origins.',
    ),
    ...tell(
      isProtected && typeof stripeApiUrl === 'string',
      'stripeApiUrl',
      "Stripe's keys would go to another server. Only a disposable stage may do that.",
    ),
    ...tell(
      hasDistribution(settings) && certificate !== undefined && certificate !== 'us-east-1',
      'domain.certificateArn',
      'With edge or page, the domain is that of CloudFront, which takes certificates in us-east-1 only.',
    ),
    ...mistakesOfPage(settings).flatMap(([name, message]) => tell(true, name, message)),
  ];
}

function mistakesOfPage({ appUrl, issuer, page }: StageEntry): [name: string, message: string][] {
  if ((page ?? null) === null) {
    return appUrl === null
      ? [['appUrl', 'The stage has no page that users could come back to: say an address, or a page.']]
      : [];
  }
  const hasIssuer = (issuer ?? null) !== null;
  if (hasIssuer && page?.client === undefined) {
    return [
      ['page.client', 'The stage has an issuer of its own, to which the page is a client: say its id.'],
    ];
  }
  return !hasIssuer && page?.client !== undefined
    ? [['page.client', 'The pool that the stack makes has a client for the page: leave this out.']]
    : [];
}

/** Whether CloudFront stands in front. */
export function hasDistribution({ edge = null, page = null }: StageEntry): boolean {
  return edge !== null || page !== null;
}
