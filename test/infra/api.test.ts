import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
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

  it('limits the rate of requests and logs them without addresses and tokens', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
      AccessLogSettings: {
        DestinationArn: Match.anyValue(),
        Format: Match.not(Match.stringLikeRegexp('identity')),
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
        { isMachine: false, flows: [], scopes: [], usesOAuth: false },
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
