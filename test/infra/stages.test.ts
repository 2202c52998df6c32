import { describe, expect, it } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { readFileSync } from 'node:fs';
import * as config from '../../examples/letters/postage.config.ts';
import { type Told, withoutBundles } from './template.ts';
import { stageOf } from '../../lib/stage.ts';
import { mistakesOfStages, SETTINGS, type StageEntry } from '../../lib/stages.ts';

type Written = Record<string, unknown>;

const APP_URL = 'https://app.example.com';
const { prod } = config.stages;

function toldOf(stages: unknown): string[] {
  return mistakesOfStages(stages).map(({ entry, message }) => `${entry}: ${message}`);
}

/** What is told of a stage that is complete but for this. */
function toldOfProd(change: Written): string[] {
  return toldOf({ prod: { ...prod, ...change } });
}

function toldOfDisposable(change: Written): string[] {
  return toldOf({ dev: { disposable: true, appUrl: APP_URL, ...change } });
}

const KNOWN = SETTINGS.map(({ name }) => name).join(', ');
const OWN_ISSUER = { url: 'https://login.example.com/', audience: ['postage'] };
const WRONG_REGION =
  'domain.certificateArn: With edge or page, the domain is that of CloudFront, which takes certificates in us-east-1 only.';
const CERTIFICATE = 'arn:aws:acm:eu-west-1:123456789012:certificate/1';

describe('a stage', () => {
  it('may say everything', () => {
    const everything: StageEntry = {
      appUrl: APP_URL,
      issuer: null,
      signIn: { signUp: true, callbackUrls: ['https://app.example.com/signed-in'] },
      origins: [APP_URL, 'http://localhost:5173'],
      domain: { name: 'api.example.com', certificateArn: CERTIFICATE.replace('eu-west-1', 'us-east-1') },
      senders: { emailFrom: 'Postage <letters@example.com>', mailFrom: 'adr_1' },
      alarmEmails: ['on-call@example.com'],
      limits: {
        requestsPerSecond: 500,
        routesPerSecond: { webhooks: 50 },
        largeTextsPerMinute: 10,
        maxWriteRequestUnits: 4_000,
        warmThroughput: { readUnitsPerSecond: 20_000, writeUnitsPerSecond: 8_000 },
      },
      retention: { logDays: 30, backupDays: 7 },
      edge: { requestsPerFiveMinutes: 2_000 },
      page: { name: 'Letters', stripePublishableKey: 'pk_live_1' },
      gradual: true,
      canary: true,
      backupCopy: 'arn:aws:backup:eu-west-1:123456789012:backup-vault:postage',
      tracing: true,
    };
    expect(toldOf({ prod: everything })).toEqual([]);
    expect(() => stageOf('prod', { prod: everything })).not.toThrow();
  });

  it('says little when it is disposable', () => {
    expect(toldOfDisposable({})).toEqual([]);
    expect(toldOfDisposable({ appUrl: 'http://localhost:3000', origins: ['*'] })).toEqual([]);
    expect(toldOfDisposable({ issuer: { url: 'http://127.0.0.1:1', audience: ['a'] } })).toEqual([]);
    expect(toldOfDisposable({ stripeApiUrl: 'http://127.0.0.1:1' })).toEqual([]);
    expect(toldOfDisposable({ appUrl: null, page: {} })).toEqual([]);
    expect(toldOfDisposable({ issuer: OWN_ISSUER, page: { client: { id: 'postage-page' } } })).toEqual([]);
  });

  it.each<[string, Written, string[]]>([
    [
      'a setting that is not known',
      { region: 1 },
      [`region: Nothing of this name is known here. Known are ${KNOWN}.`],
    ],
    [
      'one within another that is not known',
      { domain: { nome: 'a' } },
      [
        'domain.name: This is missing.',
        'domain.certificateArn: This is missing.',
        'domain.nome: Nothing of this name is known here. Known are name, certificateArn.',
      ],
    ],
    ['no address', { appUrl: undefined }, ['appUrl: This is missing.']],
    ...['app.example.com', 'javascript:alert(1)', 'https://', 7].map(
      (appUrl): [string, Written, string[]] => [
        `the address ${String(appUrl)}`,
        { appUrl },
        ['appUrl: This must be a whole address, such as https://app.example.com/billing.'],
      ],
    ),
    [
      'an issuer that is no object',
      { issuer: 'https://a.example' },
      ['issuer: This must be an object, { … }.'],
    ],
    [
      'an http issuer',
      { issuer: { url: 'http://login.example.com/', audience: ['postage'] } },
      ['issuer.url: An issuer has an https address, such as https://login.example.com/.'],
    ],
    [
      'an issuer that an address only begins like',
      { issuer: { url: 'http://localhost.example.com/', audience: ['postage'] } },
      ['issuer.url: An issuer has an https address, such as https://login.example.com/.'],
    ],
    [
      'an issuer without an audience',
      { issuer: { url: 'https://login.example.com/', audience: [] } },
      ["issuer.audience: This must list an audience, such as ['postage']."],
    ],
    [
      'sign-in beside an issuer',
      { issuer: { url: 'https://login.example.com/', audience: ['a'] }, signIn: { signUp: true } },
      [
        'signIn: This is for the pool that the stack makes, and the stage has an issuer of its own: say null.',
      ],
    ],
    [
      'an origin with a path',
      { origins: ['https://app.example.com/'] },
      ['origins.0: An origin is a scheme and a host without a path, such as https://app.example.com.'],
    ],
    ['no origin', { origins: [] }, ["origins: This must list origins, such as ['https://app.example.com']."]],
    [
      'a domain without a certificate',
      { domain: { name: 'api.example.com' } },
      ['domain.certificateArn: This is missing.'],
    ],
    [
      'a certificate that is none',
      { domain: { name: 'api.example.com', certificateArn: 'certificate' } },
      [
        'domain.certificateArn: A certificate has an ARN, such as arn:aws:acm:us-east-1:123456789012:certificate/….',
      ],
    ],
    [
      'a certificate that CloudFront does not take',
      {
        edge: { requestsPerFiveMinutes: 100 },
        domain: { name: 'api.example.com', certificateArn: CERTIFICATE },
      },
      [WRONG_REGION],
    ],
    [
      'a certificate that CloudFront does not take for the page',
      { page: {}, domain: { name: 'api.example.com', certificateArn: CERTIFICATE } },
      [WRONG_REGION],
    ],
    [
      'nowhere to come back to',
      { appUrl: null },
      ['appUrl: The stage has no page that users could come back to: say an address, or a page.'],
    ],
    [
      'a page that is no client of its issuer',
      { issuer: OWN_ISSUER, page: {} },
      ['page.client: The stage has an issuer of its own, to which the page is a client: say its id.'],
    ],
    [
      'a page that is a client of no issuer',
      { page: { client: { id: 'postage-page' } } },
      ['page.client: The pool that the stack makes has a client for the page: leave this out.'],
    ],
    [
      "a page with Stripe's secret key",
      { page: { stripePublishableKey: 'sk_live_1' } },
      ['page.stripePublishableKey: This key of Stripe begins with pk_test_ or pk_live_.'],
    ],
    ['a page without a name', { page: { name: ' ' } }, ['page.name: The page has a name, such as Pictures.']],
    ...[
      ...['letters', 'letters@localhost', 'Postage <letters@example.com', 'A\r\nB <a@b.c>', ''],
      ...['Post\tage <letters@example.com>', 'Postage <käthe@example.com>', 'Postage <a@b@example.com>'],
    ].map((emailFrom): [string, Written, string[]] => [
      `the sender ${JSON.stringify(emailFrom)}`,
      { senders: { emailFrom, mailFrom: null } },
      ["senders.emailFrom: E-mails come from an address: 'Postage <letters@example.com>'."],
    ]),
    [
      'a sender of mails by its street',
      { senders: { emailFrom: null, mailFrom: '12 St James’s Square' } },
      ["senders.mailFrom: Mails come from an address at Lob, by its id: 'adr_0123456789abcdef'."],
    ],
    [
      'one sender only',
      { senders: { emailFrom: 'letters@example.com' } },
      ['senders.mailFrom: This is missing.'],
    ],
    [
      'a limit that is none',
      { limits: { requestsPerSecond: 0.5, routesPerSecond: { fax: 1 } } },
      [
        'limits.requestsPerSecond: This must be a whole number from 1 to 100000.',
        expect.stringMatching(
          /^limits\.routesPerSecond\.fax: Nothing of this name is known here\. Known are letters, /,
        ) as unknown as string,
      ],
    ],
    [
      'days for which no log can be kept',
      { retention: { logDays: 31 } },
      [
        expect.stringMatching(
          /^retention\.logDays: CloudWatch keeps logs for 1, 3, 5, /,
        ) as unknown as string,
      ],
    ],
  ])('is refused with %s', (_, change, told) => {
    expect(toldOfDisposable(change).map((line) => line.replace('stages.dev.', ''))).toEqual(told);
  });

  it.each(['', 'Prod', '1st', 'a stage', 'much-too-long-a-name', 'under_score'])(
    'is refused as %j',
    (name) => {
      expect(toldOf({ [name]: prod })).toEqual([
        `stages.${name}: A stage is 1 to 16 lower-case letters, digits and hyphens, and begins with a letter.`,
      ]);
    },
  );

  it.each([
    ['aws-test', 'aws'],
    ['amazon', 'amazon'],
    ['my-cognito', 'cognito'],
  ])('is refused as %j, which Cognito keeps to itself', (name, word) => {
    expect(toldOf({ [name]: prod })).toEqual([
      `stages.${name}: A stage's name can't contain "${word}": Cognito refuses that in a domain.`,
    ]);
  });
});

describe('a protected stage', () => {
  it('is every one that is not marked as disposable, whatever its name', () => {
    const stages = { prod, live: prod, dev: prod, prod2: { disposable: true, appUrl: APP_URL } };
    const names = Object.entries(stages).filter(([name]) => stageOf(name, { ...stages }).isProtected);
    expect(names.map(([name]) => name)).toEqual(['prod', 'live', 'dev']);
  });

  it('is not synthesized while it leaves a setting unsaid, and each is told with what it means', () => {
    const { disposable, appUrl, stripeApiUrl, table, ...askedFor } = Object.fromEntries(
      SETTINGS.map(({ name, meaning }) => [name, meaning]),
    );
    expect([disposable, appUrl, stripeApiUrl, table]).not.toContain('');
    const lines = Object.entries(askedFor).map(([name, meaning]) => `  stages.live.${name}: ${meaning}`);
    expect(lines).toHaveLength(14);
    expect(() => stageOf('live', { live: { appUrl: APP_URL } })).toThrow(
      `These are missing:\n${lines.join('\n')}`,
    );
    expect(() => stageOf('live', { live: { ...prod, tracing: undefined } })).toThrow(
      /These are missing:\n {2}stages\.live\.tracing: Whether requests are traced with X-Ray\. Null: no\.$/,
    );
  });

  it.each<[Written, string]>([
    [
      { origins: [APP_URL, '*'] },
      'origins: "*" lets every page call the API. Only a disposable stage may say so: list the origins.',
    ],
    [
      { appUrl: 'http://localhost:3000' },
      'appUrl: This must be an https address, as the stage is not disposable.',
    ],
    [
      { issuer: { url: 'http://127.0.0.1:1', audience: ['a'] }, signIn: null },
      'issuer.url: An issuer has an https address, as the stage is not disposable.',
    ],
    [
      { stripeApiUrl: 'https://stripe.example.com' },
      "stripeApiUrl: Stripe's keys would go to another server. Only a disposable stage may do that.",
    ],
  ])('is refused with %j', (change, told) => {
    expect(toldOfProd(change)).toEqual([`stages.prod.${told}`]);
  });

  it('cannot be deleted before somebody takes its protection away', () => {
    const isProtected = (told: Told) =>
      withoutBundles({ told, checksRules: false }, (stack: Stack) => {
        const assembly = App.isApp(stack.node.root) ? stack.node.root.synth() : undefined;
        return assembly?.getStackByName(stack.stackName).terminationProtection;
      });
    expect([isProtected({ stage: 'prod' }), isProtected({})]).toEqual([true, false]);
  });
});

describe('docs/stages.md', () => {
  it('has every setting', () => {
    const text = readFileSync(new URL('../../docs/stages.md', import.meta.url), 'utf8');
    expect(SETTINGS.filter(({ name }) => !text.includes(`| \`${name}\` |`))).toEqual([]);
  });
});
