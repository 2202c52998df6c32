import { Aws, CfnOutput, Duration, Stack, Validations } from 'aws-cdk-lib';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import {
  AccountRecovery,
  CfnUserPool,
  FeaturePlan,
  ManagedLoginVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  type UserPoolClient,
  UserPoolClientIdentityProvider,
  type UserPoolDomain,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { ResourceArns } from './rights.ts';
import { emailAddressIn } from './sender-settings.ts';
import { removalPolicyOf, type Stage } from './stage.ts';

/** An OpenID Connect provider whose tokens are accepted. */
interface Issuer {
  /** As in the token's `iss`. */
  url: string;
  /** What the token's `aud` (or `client_id`) may be. */
  audience: readonly string[];
}

/** How the page signs its users in. */
export interface PageSignIn {
  issuer: string;
  clientId: string;
  /** To ask for, separated by blanks. */
  scope: string;
  /** Null where the issuer's own document says it. */
  signOutUrl: string | null;
  /** Where the page asks for what belongs to it. */
  origins: readonly string[];
}

export interface IdentityProps {
  stage: Stage;
  /** Null without a page. */
  pageUrl: string | null;
}

/** Whose tokens the gateway accepts: those of the given issuer, or else of a Cognito user pool made for it. */
export class Identity extends Construct {
  readonly authorizer: HttpJwtAuthorizer;
  /** Empty without a pool. */
  readonly userPoolId: string;
  /** Of what functions may reach. */
  readonly arns: ResourceArns;
  /** Null without a page. */
  readonly page: PageSignIn | null;

  constructor(scope: Construct, id: string, { stage, pageUrl }: IdentityProps) {
    super(scope, id);
    const { issuer, page, userPoolId, arns } = stage.issuer
      ? { issuer: stage.issuer, page: pageAt(stage.issuer, stage), userPoolId: '', arns: {} }
      : this.createPool(stage, pageUrl);
    this.userPoolId = userPoolId;
    this.arns = arns;
    this.page = page;
    const { url, audience } = issuer;
    this.authorizer = new HttpJwtAuthorizer('Authorizer', url, { jwtAudience: [...audience] });
  }

  private createUserPool(stage: Stage): UserPool {
    const pool = new UserPool(this, 'UserPool', {
      // The cheapest plan. It lets a trigger change ID tokens only, so the functions themselves ask for an admin's second factor.
      featurePlan: FeaturePlan.LITE,
      // Each sign-up is billed, and a script can make 50 a second.
      selfSignUpEnabled: stage.signIn?.signUp ?? false,
      signInAliases: { email: true },
      // Ada@example.com is ada@example.com. It can't be changed later.
      signInCaseSensitive: false,
      autoVerify: { email: true },
      keepOriginal: { email: true },
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
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
    this.sendThroughSes(pool, stage);
    Validations.of(pool).acknowledge(
      {
        id: 'AwsSolutions-COG2',
        reason: 'Users decide on a second factor. Admins need one: the functions ask the pool.',
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

    return pool;
  }

  private createPool(
    stage: Stage,
    pageUrl: string | null,
  ): { issuer: Issuer; page: PageSignIn | null; userPoolId: string; arns: ResourceArns } {
    const pool = this.createUserPool(stage);
    const { userPoolId, userPoolArn } = pool;
    const people = this.createPeopleClient(pool, stage, pageUrl);
    const machine = this.createMachineClient(pool);
    // Pages to sign in at, and where client credentials are exchanged. Nobody else in the region may have the name.
    const domain = pool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: `postage-${stage.name}-${Aws.ACCOUNT_ID}` },
      managedLoginVersion: ManagedLoginVersion.CLASSIC_HOSTED_UI,
    });
    this.output('UserPoolId', userPoolId);
    this.output('PeopleClientId', people.userPoolClientId);
    this.output('MachineClientId', machine.userPoolClientId);
    this.output('SignInUrl', domain.baseUrl());
    this.output('TokenUrl', `${domain.baseUrl()}/oauth2/token`);
    const origin = `https://cognito-idp.${Aws.REGION}.amazonaws.com`;
    const clientId = people.userPoolClientId;
    const issuer = { url: `${origin}/${userPoolId}`, audience: [clientId, machine.userPoolClientId] };
    const page =
      pageUrl === null ? null : pageOfPool({ issuer: issuer.url, origin, domain, clientId, pageUrl });
    return { issuer, page, userPoolId, arns: { userPool: userPoolArn } };
  }

  /**
   * Apps that cannot keep a secret, the page among them: they get a code, and exchange it with the verifier that they alone
   * know (PKCE).
   */
  private createPeopleClient(pool: UserPool, stage: Stage, pageUrl: string | null): UserPoolClient {
    const apps = stage.signIn?.callbackUrls ?? [stage.appUrl];
    const callbackUrls = [...new Set([...apps, pageUrl])].filter((url) => url !== null);
    return pool.addClient('People', {
      // By their password alone, with AWS credentials: how scripts and tests come by a user's token.
      authFlows: { userSrp: true, adminUserPassword: !stage.isProtected },
      generateSecret: false,
      oAuth: {
        flows: { authorizationCodeGrant: true },
        // The last lets users change their own password and second factor.
        scopes: [OAuthScope.OPENID, OAuthScope.EMAIL, OAuthScope.PROFILE, OAuthScope.COGNITO_ADMIN],
        callbackUrls,
        logoutUrls: callbackUrls,
      },
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      accessTokenValidity: Duration.hours(1),
      preventUserExistenceErrors: true,
    });
  }

  /** Cognito itself sends 50 e-mails a day. By hand, since CDK's own way needs the region at synthesis. */
  private sendThroughSes(pool: UserPool, { signIn, senders }: Stage): void {
    const from = signIn?.emailFrom === undefined ? senders?.emailFrom : signIn.emailFrom;
    if (typeof from !== 'string' || !(pool.node.defaultChild instanceof CfnUserPool)) {
      return;
    }
    const { domain } = emailAddressIn(from);
    pool.node.defaultChild.emailConfiguration = {
      emailSendingAccount: 'DEVELOPER',
      from,
      sourceArn: Stack.of(this).formatArn({ service: 'ses', resource: 'identity', resourceName: domain }),
    };
  }

  /** The only client that may count usage and read accounts for users: the owner's backend. */
  private createMachineClient(pool: UserPool): UserPoolClient {
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
    return machine;
  }

  private output(name: string, value: string): void {
    new CfnOutput(Stack.of(this), name, { value });
  }
}

/** What Cognito's own document does not say: its domain's page ends the session, by parameters of its own. */
function pageOfPool({
  issuer,
  origin,
  domain,
  clientId,
  pageUrl,
}: {
  issuer: string;
  origin: string;
  domain: UserPoolDomain;
  clientId: string;
  pageUrl: string;
}): PageSignIn {
  const pages = domain.baseUrl();
  const signOutUrl = `${pages}/logout?client_id=${clientId}&logout_uri=${pageUrl}`;
  return { issuer, clientId, scope: 'openid', signOutUrl, origins: [origin, pages] };
}

/** With an issuer of its own, a stage that has a page says which client of it that is. */
function pageAt({ url }: Issuer, { page }: Stage): PageSignIn | null {
  const client = page?.client;
  if (client === undefined) {
    return null;
  }
  return {
    issuer: url,
    clientId: client.id,
    scope: client.scope ?? 'openid',
    signOutUrl: client.signOutUrl ?? null,
    origins: [new URL(url).origin, ...(client.origins ?? [])],
  };
}
