import { describe, expect, it } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { functionNameOf, referenceIn, resourcesOf, templateOf } from './template.ts';

const template = templateOf();

/** The group whose function answers the route: route, integration, function. */
function groupOf(target: unknown): string {
  const [integrationId] = /(?<="Ref":")\w+/.exec(JSON.stringify(target)) ?? [];
  const integration = Object.fromEntries(resourcesOf(template, 'AWS::ApiGatewayV2::Integration'))[
    integrationId ?? ''
  ];
  const functionId = referenceIn(integration?.Properties['IntegrationUri']);
  const lambda = Object.fromEntries(resourcesOf(template, 'AWS::Lambda::Function'))[functionId ?? ''];
  return lambda === undefined ? '' : functionNameOf(lambda);
}

describe('the HTTP API', () => {
  it('G13: asks for a token on every route, but for those that take a secret or are for anyone', () => {
    const routes = resourcesOf(template, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => ({
      route: Properties['RouteKey'],
      authorization: Properties['AuthorizationType'],
      hasAuthorizer: referenceIn(Properties['AuthorizerId']) !== null,
      group: groupOf(Properties['Target']),
    }));
    const expected = ROUTES.map(({ method, path, group, access }) => {
      const hasAuthorizer = access !== 'cron' && access !== 'signature' && access !== 'anyone';
      return {
        route: `${method} ${path}`,
        authorization: hasAuthorizer ? 'JWT' : 'NONE',
        hasAuthorizer,
        group,
      };
    });

    expect(new Set(routes)).toEqual(new Set(expected));
    expect(routes).toHaveLength(ROUTES.length);
  });

  it('lets each function be called by this API only', () => {
    const permissions = resourcesOf(template, 'AWS::Lambda::Permission');

    expect(permissions).toHaveLength(new Set(ROUTES.map(({ group }) => group)).size);
    for (const [, { Properties }] of permissions) {
      expect(Properties['Principal']).toBe('apigateway.amazonaws.com');
      expect(JSON.stringify(Properties['SourceArn'])).toContain('ApiHttpApi');
    }
  });

  it('limits the rate of requests, and logs them without tokens', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
      AccessLogSettings: {
        DestinationArn: Match.anyValue(),
        Format: Match.not(Match.stringLikeRegexp('[Aa]uthorization')),
      },
    });
  });
});

describe('tokens', () => {
  it('come from a Cognito user pool unless an issuer is given', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: {
        Issuer: {
          'Fn::Join': [
            '',
            [
              'https://cognito-idp.',
              { Ref: 'AWS::Region' },
              '.amazonaws.com/',
              { Ref: Match.stringLikeRegexp('UserPool') },
            ],
          ],
        },
        Audience: [
          { Ref: Match.stringLikeRegexp('UserPoolPeople') },
          { Ref: Match.stringLikeRegexp('UserPoolMachine') },
        ],
      },
    });
    template.hasResourceProperties('AWS::Cognito::UserPoolGroup', { GroupName: 'admin' });
  });

  it('G13: can carry usage:write and usage:read for the machine client only', () => {
    const clients = resourcesOf(template, 'AWS::Cognito::UserPoolClient').map(([id, { Properties }]) => ({
      isMachine: id.includes('Machine'),
      flows: Properties['AllowedOAuthFlows'] ?? [],
      scopes: ['usage:write', 'usage:read'].filter((scope) =>
        JSON.stringify(Properties['AllowedOAuthScopes'] ?? []).includes(`/${scope}`),
      ),
      usesOAuth: Properties['AllowedOAuthFlowsUserPoolClient'],
    }));

    expect(new Set(clients)).toEqual(
      new Set([
        {
          isMachine: true,
          flows: ['client_credentials'],
          scopes: ['usage:write', 'usage:read'],
          usesOAuth: true,
        },
        { isMachine: false, flows: ['code'], scopes: [], usesOAuth: true },
      ]),
    );
  });

  it('come from the issuer of the stage, and then there is no user pool', () => {
    const own = templateOf({
      issuer: { url: 'https://login.example.com/', audience: ['postage', 'postage-app'] },
    });

    own.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      JwtConfiguration: { Issuer: 'https://login.example.com/', Audience: ['postage', 'postage-app'] },
    });
    expect(Object.keys(own.findResources('AWS::Cognito::UserPool'))).toEqual([]);
    expect(Object.keys(own.findResources('AWS::Cognito::UserPoolClient'))).toEqual([]);
  });
});

describe('pages on other origins', () => {
  it('may not call while the stage lists none', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
  });

  it('may call with a token and a key, and read what tells them to wait or of a repetition', () => {
    templateOf({ origins: ['https://app.example.com'] }).hasResourceProperties('AWS::ApiGatewayV2::Api', {
      CorsConfiguration: {
        AllowOrigins: ['https://app.example.com'],
        AllowMethods: ['GET', 'POST', 'DELETE'],
        AllowHeaders: ['authorization', 'content-type', 'idempotency-key'],
        ExposeHeaders: ['retry-after', 'idempotent-replayed', 'location', 'link'],
        MaxAge: 3600,
      },
    });
  });
});

describe('limits', () => {
  type Limits = Record<string, { ThrottlingRateLimit: number; ThrottlingBurstLimit: number }>;

  function limitsOf(given: Template): Limits {
    const [stage] = resourcesOf(given, 'AWS::ApiGatewayV2::Stage');
    const { DefaultRouteSettings, RouteSettings } = stage?.[1].Properties as Record<
      string,
      Limits[string] & Limits
    >;
    return {
      ...(RouteSettings as Limits),
      ...(DefaultRouteSettings ? { default: DefaultRouteSettings } : {}),
    };
  }

  it('keep what is asked without a token from using up the rest', () => {
    const limits = limitsOf(template);
    expect(limits['default']).toEqual({ ThrottlingRateLimit: 1_000, ThrottlingBurstLimit: 2_000 });
    expect(limits['POST /webhooks/stripe']).toEqual({ ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 });
    expect(limits['GET /docs']?.ThrottlingRateLimit).toBe(20);
    expect(limits['POST /cron/rollover-usage']).toEqual({ ThrottlingRateLimit: 1, ThrottlingBurstLimit: 5 });
    expect(limits['POST /letters']?.ThrottlingRateLimit).toBe(300);
    expect(limits['GET /account']).toBeUndefined();
    const unlimited = ROUTES.filter(
      ({ method, path, access }) =>
        ['anyone', 'signature', 'cron'].includes(access) && limits[`${method} ${path}`] === undefined,
    );
    expect(unlimited.map(({ path }) => path)).toEqual(['/catalogue']);
  });

  it('are those of the stage where it says so', () => {
    const limits = limitsOf(
      templateOf({ limits: { requestsPerSecond: 100, routesPerSecond: { webhooks: 10, account: 20 } } }),
    );
    expect(limits['default']?.ThrottlingRateLimit).toBe(100);
    expect(limits['POST /webhooks/stripe']?.ThrottlingRateLimit).toBe(10);
    expect(limits['GET /account']?.ThrottlingRateLimit).toBe(20);
    expect(limits['POST /letters']).toBeUndefined();
  });

  it('name routes only once those are there', () => {
    const [[, stage] = ['', {}]] = resourcesOf(template, 'AWS::ApiGatewayV2::Stage');
    const routes = resourcesOf(template, 'AWS::ApiGatewayV2::Route').map(([id]) => id);
    expect((stage as { DependsOn?: string[] }).DependsOn).toEqual(expect.arrayContaining(routes));
  });

  it('bound what the table takes, and what it can take at once', () => {
    const warmThroughput = { readUnitsPerSecond: 20_000, writeUnitsPerSecond: 8_000 };
    const limits = { maxWriteRequestUnits: 4_000, warmThroughput };
    templateOf({ limits }).hasResourceProperties('AWS::DynamoDB::Table', {
      OnDemandThroughput: { MaxWriteRequestUnits: 4_000 },
      WarmThroughput: { ReadUnitsPerSecond: 20_000, WriteUnitsPerSecond: 8_000 },
    });
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      OnDemandThroughput: Match.absent(),
      WarmThroughput: Match.absent(),
    });
  });
});

describe('a domain', () => {
  const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
  const domain = { name: 'api.example.com', certificateArn };

  it('leads to the gateway, which then answers by no other name', () => {
    const own = templateOf({ domain });
    own.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'api.example.com',
      DomainNameConfigurations: [Match.objectLike({ CertificateArn: certificateArn })],
    });
    own.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true });
    own.hasOutput('ApiUrl', { Value: 'https://api.example.com' });
    own.hasOutput('StripeWebhookUrl', { Value: 'https://api.example.com/webhooks/stripe' });
    own.hasOutput('DomainTarget', {});
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: false });
  });

  it('leads to CloudFront with edge, where a rule of WAF stops an address that asks too often', () => {
    const own = templateOf({ domain, edge: { requestsPerFiveMinutes: 2_000 } });
    own.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({
        Aliases: ['api.example.com'],
        WebACLId: { 'Fn::GetAtt': [Match.stringLikeRegexp('WebAcl'), 'Arn'] },
        DefaultCacheBehavior: Match.objectLike({ ViewerProtocolPolicy: 'https-only' }),
      }),
    });
    own.hasResourceProperties('AWS::WAFv2::WebACL', {
      Scope: 'CLOUDFRONT',
      Rules: [
        Match.objectLike({
          Statement: {
            RateBasedStatement: { AggregateKeyType: 'IP', Limit: 2_000, EvaluationWindowSec: 300 },
          },
        }),
      ],
    });
    own.resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
    own.hasOutput('ApiUrl', { Value: 'https://api.example.com' });
    template.resourceCountIs('AWS::CloudFront::Distribution', 0);
  });
});

describe('the sign-in of the user pool', () => {
  it('takes addresses in any case, on the cheapest plan, from nobody who has not been let in', () => {
    template.hasResourceProperties('AWS::Cognito::UserPool', {
      UsernameConfiguration: { CaseSensitive: false },
      UserPoolTier: 'LITE',
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    });
    templateOf({ signIn: { signUp: true } }).hasResourceProperties('AWS::Cognito::UserPool', {
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: false },
    });
  });

  it('sends codes through SES where the stage has a sender', () => {
    const through = (from: string, domain: string) => ({
      EmailConfiguration: {
        EmailSendingAccount: 'DEVELOPER',
        From: from,
        SourceArn: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(`:identity/${domain}$`)])] },
      },
    });
    template.hasResourceProperties(
      'AWS::Cognito::UserPool',
      through('Postage <letters@example.com>', 'example.com'),
    );
    templateOf({ signIn: { emailFrom: 'codes@sign-in.example.com' } }).hasResourceProperties(
      'AWS::Cognito::UserPool',
      through('codes@sign-in.example.com', 'sign-in.example.com'),
    );
    for (const own of [templateOf({ signIn: { emailFrom: null } }), templateOf({ senders: null })]) {
      own.hasResourceProperties('AWS::Cognito::UserPool', { EmailConfiguration: Match.absent() });
    }
  });

  it('is a page that sends users back with a code, to pages of the stage alone', () => {
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid', 'email', 'profile', 'aws.cognito.signin.user.admin'],
      CallbackURLs: ['http://localhost:3000'],
      LogoutURLs: ['http://localhost:3000'],
      GenerateSecret: false,
    });
    const callbackUrls = ['https://app.example.com/signed-in'];
    templateOf({ signIn: { callbackUrls } }).hasResourceProperties('AWS::Cognito::UserPoolClient', {
      CallbackURLs: callbackUrls,
    });
    template.hasOutput('SignInUrl', {});
  });

  it('takes a password from who has AWS credentials on disposable stages only', () => {
    const flowsOf = (given: Template) =>
      resourcesOf(given, 'AWS::Cognito::UserPoolClient')
        .filter(([id]) => id.includes('People'))
        .flatMap(([, { Properties }]) => Properties['ExplicitAuthFlows']);
    expect(flowsOf(template)).toContain('ALLOW_ADMIN_USER_PASSWORD_AUTH');
    expect(flowsOf(templateOf({ stage: 'prod' }))).toEqual([
      'ALLOW_USER_SRP_AUTH',
      'ALLOW_REFRESH_TOKEN_AUTH',
    ]);
  });

  it('is looked up, and forgets who is erased, by the functions for admins alone', () => {
    const withPool = resourcesOf(template, 'AWS::Lambda::Function').filter(([, { Properties }]) =>
      JSON.stringify(Properties['Environment']).includes('POSTAGE_USER_POOL_ID'),
    );
    expect(withPool.map(([, resource]) => functionNameOf(resource)).sort()).toEqual([
      'admin',
      'failed-events',
    ]);
    const issuer = { url: 'https://login.example.com/', audience: ['postage'] };
    expect(JSON.stringify(templateOf({ issuer }).toJSON())).not.toContain('cognito-idp:');
  });
});
