import { Aws, CfnOutput, Duration, Stack, Validations } from 'aws-cdk-lib';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Mfa, OAuthScope, ResourceServerScope, UserPool, type UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { removalPolicyOf, type Stage } from './stage.ts';

/** An OpenID Connect provider whose tokens are accepted. */
interface Issuer {
  /** As in the token's `iss`. */
  url: string;
  /** What the token's `aud` (or `client_id`) may be. */
  audience: readonly string[];
}

/** Whose tokens the gateway accepts: those of the given issuer, or else of a Cognito user pool made for it. */
export class Identity extends Construct {
  readonly authorizer: HttpJwtAuthorizer;

  constructor(scope: Construct, id: string, { stage }: { stage: Stage }) {
    super(scope, id);
    const { url, audience } = stage.issuer ?? this.createUserPool(stage);
    this.authorizer = new HttpJwtAuthorizer('Authorizer', url, { jwtAudience: [...audience] });
  }

  private createUserPool(stage: Stage): Issuer {
    const pool = new UserPool(this, 'UserPool', {
      // A free account needs no set-up by anybody, so neither does the user.
      selfSignUpEnabled: true,
      signInAliases: { email: true },
      autoVerify: { email: true },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 12,
        requireDigits: true,
        requireLowercase: true,
        requireSymbols: true,
        requireUppercase: true,
      },
      deletionProtection: stage.isProtected,
      removalPolicy: removalPolicyOf(stage),
    });
    Validations.of(pool).acknowledge(
      {
        id: 'AwsSolutions-COG2',
        reason: 'Each user decides on a second factor; an owner may demand it in the console.',
      },
      {
        id: 'AwsSolutions-COG3',
        reason: 'Threat protection is part of the Plus plan, which is paid per user.',
      },
      {
        id: 'AwsSolutions-COG8',
        reason: 'Threat protection is part of the Plus plan, which is paid per user.',
      },
    );
    pool.addGroup('Admin', { groupName: 'admin', description: 'May call the routes under /admin' });

    const people = pool.addClient('People', {
      // `adminUserPassword` needs AWS credentials: it is how scripts and tests come by a user's token.
      authFlows: { userSrp: true, adminUserPassword: true },
      disableOAuth: true,
      accessTokenValidity: Duration.hours(1),
      preventUserExistenceErrors: true,
    });
    const machine = this.createMachineClient(pool, stage);

    this.output('UserPoolId', pool.userPoolId);
    this.output('PeopleClientId', people.userPoolClientId);
    return {
      url: `https://cognito-idp.${Aws.REGION}.amazonaws.com/${pool.userPoolId}`,
      audience: [people.userPoolClientId, machine.userPoolClientId],
    };
  }

  /** The only client that may count usage and read accounts for users: the owner's backend. */
  private createMachineClient(pool: UserPool, stage: Stage): UserPoolClient {
    const usageWrite = new ResourceServerScope({
      scopeName: 'usage:write',
      scopeDescription: 'Count usage on behalf of any user',
    });
    const usageRead = new ResourceServerScope({
      scopeName: 'usage:read',
      scopeDescription: 'Read the account of any user',
    });
    const scopes = [usageWrite, usageRead];
    const server = pool.addResourceServer('ResourceServer', { identifier: 'postage', scopes });
    const machine = pool.addClient('Machine', {
      generateSecret: true,
      oAuth: {
        flows: { clientCredentials: true },
        scopes: scopes.map((each) => OAuthScope.resourceServer(server, each)),
      },
    });
    // Client credentials are exchanged at the pool's domain, whose name nobody else in the region may have.
    const domain = pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: `postage-${stage.name}-${Aws.ACCOUNT_ID}` },
    });
    this.output('MachineClientId', machine.userPoolClientId);
    this.output('TokenUrl', `${domain.baseUrl()}/oauth2/token`);
    return machine;
  }

  private output(name: string, value: string): void {
    new CfnOutput(Stack.of(this), name, { value });
  }
}
