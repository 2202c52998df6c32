import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { contentSecurityPolicy } from '../../web/headers.ts';
import { referenceIn, resourcesOf, templateOf, type Told } from './template.ts';

const edge = { requestsPerFiveMinutes: 2_000 };
const issuer = { url: 'https://login.example.com/realm', audience: ['postage'] };
const domain = {
  name: 'api.example.com',
  certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/1',
};

const template = templateOf({ page: {} });

/** The properties of the first resource of a type, which is the only one. */
function propertiesOf(of: typeof template, type: string): Record<string, unknown> {
  return resourcesOf(of, type)[0]?.[1].Properties ?? {};
}

interface Behavior {
  PathPattern: string;
  TargetOriginId: string;
  FunctionAssociations?: unknown[];
}

interface DistributionConfig {
  Origins: { Id: string; S3OriginConfig?: object; OriginAccessControlId?: object }[];
  CacheBehaviors?: Behavior[];
  DefaultCacheBehavior: Behavior;
  CustomErrorResponses?: unknown;
}

function configOf(of: typeof template): DistributionConfig {
  return propertiesOf(of, 'AWS::CloudFront::Distribution')['DistributionConfig'] as DistributionConfig;
}

/** What the template says, with words in place of references. */
function textOf(value: unknown): string {
  const joined = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  if (joined !== undefined) {
    return joined[1].map(textOf).join('');
  }
  return typeof value === 'string' ? value : `<${referenceIn(value)?.replace(/[0-9A-F]{8}$/, '') ?? ''}>`;
}

function policyOf(of: typeof template): string {
  const policy = propertiesOf(of, 'AWS::CloudFront::ResponseHeadersPolicy')['ResponseHeadersPolicyConfig'];
  const { SecurityHeadersConfig } = policy as {
    SecurityHeadersConfig: { ContentSecurityPolicy: { ContentSecurityPolicy: unknown } };
  };
  return textOf(SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy);
}

function toldToPage(of: typeof template): unknown {
  return JSON.parse(textOf(propertiesOf(of, 'Custom::PostagePage')['config']));
}

describe('CloudFront', () => {
  it.each<[string, Told, { distributions: number; webAcls: number; pages: number }]>([
    ['neither edge nor page', {}, { distributions: 0, webAcls: 0, pages: 0 }],
    ['edge', { edge }, { distributions: 1, webAcls: 1, pages: 0 }],
    ['a page', { page: {} }, { distributions: 1, webAcls: 0, pages: 1 }],
    ['both', { edge, page: {} }, { distributions: 1, webAcls: 1, pages: 1 }],
    ['null for both', { edge: null, page: null }, { distributions: 0, webAcls: 0, pages: 0 }],
  ])('is there with %s as needed', (_words, told, { distributions, webAcls, pages }) => {
    const own = templateOf(told);
    own.resourceCountIs('AWS::CloudFront::Distribution', distributions);
    own.resourceCountIs('AWS::WAFv2::WebACL', webAcls);
    own.resourceCountIs('Custom::PostagePage', pages);
    own.resourceCountIs('AWS::CloudFront::Function', pages);
    // WAF alone asks for us-east-1.
    expect(JSON.stringify(own.toJSON()['Rules'] ?? {}).includes('us-east-1')).toBe(webAcls > 0);
  });

  it('gives the page what is below /app/, and leads there; all else goes to the API', () => {
    const { Origins, CacheBehaviors = [], DefaultCacheBehavior, CustomErrorResponses } = configOf(template);
    const bucket = Origins.find(({ S3OriginConfig }) => S3OriginConfig !== undefined);
    expect(CacheBehaviors.map(({ PathPattern, TargetOriginId }) => [PathPattern, TargetOriginId])).toEqual(
      ['/', '/app', '/app/*'].map((pattern) => [pattern, bucket?.Id]),
    );
    expect(DefaultCacheBehavior.TargetOriginId).not.toBe(bucket?.Id);
    expect(DefaultCacheBehavior.FunctionAssociations).toBeUndefined();
    // They would stand in for the API's refusals.
    expect(CustomErrorResponses).toBeUndefined();
  });

  it('answers by the domain of the stage, whose certificate is in us-east-1', () => {
    const own = templateOf({ domain, page: {} });
    expect(configOf(own)).toMatchObject({
      Aliases: ['api.example.com'],
      ViewerCertificate: { AcmCertificateArn: domain.certificateArn, MinimumProtocolVersion: 'TLSv1.2_2021' },
    });
    own.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: false });
    own.hasOutput('PageUrl', { Value: 'https://api.example.com/app/' });
  });
});

describe('the bucket of the page', () => {
  it('is private, and only its distribution may read it', () => {
    const [[bucket] = ['']] = resourcesOf(template, 'AWS::S3::Bucket').filter(([id]) =>
      id.startsWith('Page'),
    );
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: bucket },
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          {
            Effect: 'Allow',
            Principal: { Service: 'cloudfront.amazonaws.com' },
            Action: 's3:GetObject',
            Resource: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [bucket, 'Arn'] }, '/*']] },
            Condition: { StringEquals: { 'AWS:SourceArn': Match.anyValue() } },
          },
        ],
      },
    });
    template.hasResource('AWS::S3::Bucket', {
      Properties: { PublicAccessBlockConfiguration: Match.objectLike({ RestrictPublicBuckets: true }) },
      DeletionPolicy: 'Delete',
    });
    expect(configOf(template).Origins.some(({ OriginAccessControlId }) => OriginAccessControlId)).toBe(true);
  });
});

describe('the function of the distribution', () => {
  const code = String(propertiesOf(template, 'AWS::CloudFront::Function')['FunctionCode']);
  const answerTo = (uri: string): unknown => {
    const found: unknown = runInNewContext(
      `${code}; JSON.stringify(handler(${JSON.stringify({ request: { uri } })}))`,
    );
    return JSON.parse(String(found));
  };

  it.each([
    ['/app/', '/app/index.html'],
    ['/app/credits', '/app/index.html'],
    ['/app/dashboard/users/ada@example.com', '/app/index.html'],
    ['/app/config.json', '/app/config.json'],
    ['/app/postage-usage.js', '/app/postage-usage.js'],
    ['/app/assets/index-CPnnLcFK.js', '/app/assets/index-CPnnLcFK.js'],
    ['/app/example/', '/app/example/index.html'],
    ['/app/example/example.css', '/app/example/example.css'],
    ['/app/assets/../../x.js', '/app/index.html'],
  ])('finds %s at %s', (uri, file) => {
    expect(answerTo(uri)).toEqual({ uri: file });
  });

  it.each(['/', '/app'])('leads from %s to the page', (uri) => {
    expect(answerTo(uri)).toMatchObject({ statusCode: 302, headers: { location: { value: '/app/' } } });
  });

  it('is small, and says nothing that CloudFront does not know', () => {
    expect(code.length).toBeLessThan(10_000);
    expect(code).not.toMatch(/\bimport\b|\?\.|\?\?|=>|\bclass\b/);
  });
});

describe('the headers of the page', () => {
  const pool = [
    'https://cognito-idp.<AWS::Region>.amazonaws.com',
    'https://<IdentityUserPoolDomain>.auth.<AWS::Region>.amazoncognito.com',
  ];

  it('have the policy of the local page, with where the stage signs in', () => {
    expect(policyOf(template)).toBe(contentSecurityPolicy({ signIn: pool, stripeStandIn: null }));
    const client = { id: 'postage-page', origins: ['https://tokens.example.com'] };
    const signIn = ['https://login.example.com', 'https://tokens.example.com'];
    expect(policyOf(templateOf({ issuer, page: { client } }))).toBe(
      contentSecurityPolicy({ signIn, stripeStandIn: null }),
    );
  });

  it('have HSTS, and let only the stage’s origins load the element', () => {
    template.hasResourceProperties('AWS::CloudFront::ResponseHeadersPolicy', {
      ResponseHeadersPolicyConfig: {
        CorsConfig: Match.absent(),
        SecurityHeadersConfig: {
          StrictTransportSecurity: { AccessControlMaxAgeSec: 31_536_000, Override: true },
          ContentTypeOptions: { Override: true },
          ReferrerPolicy: { ReferrerPolicy: 'no-referrer', Override: true },
        },
      },
    });
    const origins = ['https://app.example.com'];
    templateOf({ origins, page: {} }).hasResourceProperties('AWS::CloudFront::ResponseHeadersPolicy', {
      ResponseHeadersPolicyConfig: { CorsConfig: { AccessControlAllowOrigins: { Items: origins } } },
    });
  });
});

describe('what the page is told', () => {
  it('is the pool of the stack, whose client may send users back to it', () => {
    const clientId = '<IdentityUserPoolPeople>';
    const pageUrl = 'https://<ApiFrontDistribution>/app/';
    expect(toldToPage(template)).toEqual({
      name: 'Postage',
      apiUrl: '/',
      issuer: 'https://cognito-idp.<AWS::Region>.amazonaws.com/<IdentityUserPool>',
      clientId,
      scope: 'openid',
      signOutUrl: `https://<IdentityUserPoolDomain>.auth.<AWS::Region>.amazoncognito.com/logout?client_id=${clientId}&logout_uri=${pageUrl}`,
      hasLetters: true,
      stripe: null,
    });
    const urlsOf = (of: typeof template): unknown[] =>
      resourcesOf(of, 'AWS::Cognito::UserPoolClient')
        .filter(([id]) => id.includes('People'))
        .flatMap(([, { Properties }]) => [Properties['CallbackURLs'], Properties['LogoutURLs']])
        .map((urls) => (urls as unknown[]).map(textOf));
    const both = ['http://localhost:3000', pageUrl];
    expect(urlsOf(template)).toEqual([both, both]);
    expect(urlsOf(templateOf({ appUrl: null, page: {} }))).toEqual([[pageUrl], [pageUrl]]);
    // A name twice would be refused.
    const own = 'https://api.example.com/app/';
    expect(urlsOf(templateOf({ appUrl: own, domain, page: {} }))).toEqual([[own], [own]]);
  });

  it('is the issuer of the stage, and what the stage says of the page', () => {
    const client = {
      id: 'postage-page',
      scope: 'openid postage',
      signOutUrl: 'https://login.example.com/out',
    };
    const page = { name: 'Pictures', client, stripePublishableKey: 'pk_live_1' };
    expect(toldToPage(templateOf({ issuer, page }))).toMatchObject({
      name: 'Pictures',
      issuer: issuer.url,
      clientId: 'postage-page',
      scope: 'openid postage',
      signOutUrl: 'https://login.example.com/out',
      stripe: { publishableKey: 'pk_live_1', scriptUrl: 'https://js.stripe.com/endive/stripe.js' },
    });
  });

  it('changes with the sources, so that CloudFormation publishes it again', () => {
    template.hasResourceProperties('Custom::PostagePage', {
      build: Match.stringLikeRegexp('^[0-9a-f]{16}$'),
    });
  });
});

describe('users who come back from Stripe', () => {
  it('come to the page where the stage says no other address', () => {
    const appUrls = resourcesOf(templateOf({ appUrl: null, page: {} }), 'AWS::Lambda::Function').flatMap(
      ([, { Properties }]) => {
        const { Variables = {} } = Properties['Environment'] as { Variables?: Record<string, unknown> };
        return Variables['POSTAGE_APP_URL'] === undefined ? [] : [textOf(Variables['POSTAGE_APP_URL'])];
      },
    );
    expect(new Set(appUrls)).toEqual(new Set(['https://<ApiFrontDistribution>/app/']));
  });
});
