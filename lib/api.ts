import { Duration, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  ApiMapping,
  CfnStage,
  CorsHttpMethod,
  DomainName,
  HttpApi,
  type HttpApiProps,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Distribution } from 'aws-cdk-lib/aws-cloudfront';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Variable } from '../lambdas/letters/wiring/environment.ts';
import { CORS } from '../lambdas/wiring/cors.ts';
import { type Access, CORE_ROUTES, type Route } from '../lambdas/http/routes.ts';
import { type RouteGroup, ROUTES } from '../lambdas/letters/http/routes.ts';
import { StageDistribution } from './distribution.ts';
import { createLogGroup } from './log-group.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';
import type { Stage } from './stage.ts';
import { hasDistribution } from './stages.ts';

/** What the functions of the API may be told of the stack. */
type ApiVariable = (typeof GROUPS)[RouteGroup]['needs'][number];

export interface ApiProps {
  stage: Stage;
  build: Build;
}

/** What is behind the routes. */
export interface RoutesProps {
  authorizer: HttpJwtAuthorizer;
  arns: ResourceArns;
  /** Where the API answers is known here. */
  environment: Readonly<Record<Exclude<ApiVariable, 'publicUrl'>, string>>;
}

/** The HTTP API: one function per group of routes, behind the gateway's check of tokens. */
export class Api extends Construct {
  readonly httpApi: HttpApi;
  readonly accessLog: LogGroup;
  /** Where it answers: under the stage's domain, at CloudFront, or by the name that AWS gives it. */
  readonly url: string;
  /** What the DNS record of the stage's domain leads to; null without a domain. */
  readonly domainTarget: string | null;
  /** Null: nothing stands in front of the gateway. */
  readonly distribution: Distribution | null;
  private readonly build: Build;
  private readonly stage: Stage;
  private readonly gateway: HttpStage;

  constructor(scope: Construct, id: string, { stage, build }: ApiProps) {
    super(scope, id);
    this.stage = stage;
    this.build = build;
    const { domain = null } = stage;
    const isBehind = hasDistribution(stage);
    this.httpApi = new HttpApi(this, 'HttpApi', {
      apiName: `postage-${stage.name}`,
      createDefaultStage: false,
      // CloudFront asks by the name that AWS gives the API. Without it, nobody needs a second name beside the domain.
      disableExecuteApiEndpoint: domain !== null && !isBehind,
      ...corsFor(stage),
    });
    this.accessLog = createLogGroup(this, 'AccessLog', withAddresses(stage), 'api');
    this.gateway = this.addStage();
    const { httpApi } = this;
    const front = isBehind ? new StageDistribution(this, 'Front', { stage, httpApi }) : null;
    this.distribution = front?.distribution ?? null;
    const name = domain === null || isBehind ? null : this.addDomain(domain, this.gateway);
    this.url = front?.url ?? (domain === null ? httpApi.apiEndpoint : `https://${domain.name}`);
    this.domainTarget =
      domain === null
        ? null
        : (front?.distribution.distributionDomainName ?? name?.regionalDomainName ?? null);
  }

  /**
   * Apart from the gateway: who may call them follows from where the page is, and that from where the gateway is.
   *
   * @returns what the gateway calls where new code gets its requests by and by; none elsewhere
   */
  addRoutes(props: RoutesProps): Alias[] {
    const routes: readonly (typeof ROUTES)[number][] = this.build.hasLetters ? ROUTES : CORE_ROUTES;
    const aliases: Alias[] = [];
    for (const group of new Set(routes.map((route) => route.group))) {
      const { lambda } = this.createFunction(group, props);
      const alias = this.stage.gradual === true ? lambda.addAlias('live') : null;
      aliases.push(...(alias === null ? [] : [alias]));
      const integration = new HttpLambdaIntegration(`${group}-integration`, alias ?? lambda, {
        // One permission for the whole API in place of one per route.
        scopePermissionToRoute: false,
      });
      for (const route of routes.filter((each) => each.group === group)) {
        // The gateway limits only routes that are there.
        this.gateway.node.addDependency(...this.addRoute(route, integration, props.authorizer));
      }
    }
    return aliases;
  }

  private createFunction(group: RouteGroup, props: RoutesProps): PostageFunction {
    const { description, needs } = GROUPS[group];
    const values = { ...props.environment, publicUrl: this.url };
    return new PostageFunction(this, group, {
      build: this.build,
      folder: 'api',
      description,
      arns: props.arns,
      environment: Object.fromEntries(needs.map((variable) => [variable, values[variable]])),
      assets: group === 'docs' ? SWAGGER_FILES : [],
    });
  }

  private addRoute(
    { method, path, access }: Route,
    integration: HttpLambdaIntegration,
    authorizer: HttpJwtAuthorizer,
  ): HttpRoute[] {
    const unauthorized = WITHOUT_TOKEN[access];
    const [route, ...none] = this.httpApi.addRoutes({
      path,
      methods: [HttpMethod[method]],
      integration,
      authorizer: unauthorized === null ? authorizer : new HttpNoneAuthorizer(),
    });
    if (route === undefined) {
      return none;
    }
    if (unauthorized !== null) {
      Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason: unauthorized });
    }
    return [route];
  }

  private addStage(): HttpStage {
    const { stage, build } = this;
    const { requestsPerSecond = REQUESTS_PER_SECOND, routesPerSecond } = stage.limits ?? {};
    const gateway = new HttpStage(this, 'DefaultStage', {
      httpApi: this.httpApi,
      autoDeploy: true,
      throttle: { rateLimit: requestsPerSecond, burstLimit: burstOf(requestsPerSecond) },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    const limits: Partial<Record<RouteGroup, number>> = { ...ROUTES_PER_SECOND, ...routesPerSecond };
    const routes = build.hasLetters ? ROUTES : CORE_ROUTES;
    const settings = routes.flatMap(({ method, path, group }): [string, object][] => {
      const limit = limits[group];
      return limit === undefined || limit >= requestsPerSecond
        ? []
        : [[`${method} ${path}`, { ThrottlingRateLimit: limit, ThrottlingBurstLimit: burstOf(limit) }]];
    });
    if (gateway.node.defaultChild instanceof CfnStage) {
      gateway.node.defaultChild.routeSettings = Object.fromEntries<object>(settings);
    }
    return gateway;
  }

  private addDomain({ name, certificateArn }: NonNullable<Stage['domain']>, stage: HttpStage): DomainName {
    const domainName = new DomainName(this, 'Domain', {
      domainName: name,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
    });
    new ApiMapping(this, 'Mapping', { api: this.httpApi, domainName, stage });
    return domainName;
  }
}

/** What a single function with the account's usual 1,000 concurrent executions can answer. */
const REQUESTS_PER_SECOND = 1_000;

/** Of routes that need less, so that nobody uses up what the others need. The first four ask for no token. */
const ROUTES_PER_SECOND = {
  webhooks: 200,
  'mail-webhook': 50,
  docs: 20,
  cron: 1,
  reconciliation: 1,
  letters: 300,
  admin: 50,
  'failed-events': 20,
} as const satisfies Partial<Record<RouteGroup, number>>;

/** Of the bucket, from which requests of a moment are taken. */
function burstOf(perSecond: number): number {
  return Math.max(5, 2 * perSecond);
}

/** Nothing while no page on another origin may call. */
function corsFor({ origins }: Stage): Pick<HttpApiProps, 'corsPreflight'> {
  if (origins === undefined || origins === null) {
    return {};
  }
  return {
    corsPreflight: {
      allowOrigins: origins,
      allowMethods: CORS.methods.map((method) => CorsHttpMethod[method]),
      allowHeaders: [...CORS.headers],
      exposeHeaders: [...CORS.exposed],
      maxAge: Duration.seconds(CORS.maxAgeSeconds),
    },
  };
}

/** Why a kind of access needs no token; null where it needs one. */
const WITHOUT_TOKEN: Readonly<Record<Access, string | null>> = {
  user: null,
  'usage:read': null,
  'usage:write': null,
  admin: null,
  cron: 'The function compares the cron secret, and answers 401 without it.',
  signature: 'The function checks the signature of the sender, and answers 401 without it.',
  anyone: 'Health, the OpenAPI document and its page tell nothing of anybody.',
};

const GROUPS = {
  letters: { description: 'Postage: letters', needs: ['table', 'largeTextsPerMinute'] },
  deliveries: {
    description: 'Postage: deliveries',
    needs: ['table', 'stripeSecretId', 'stripeApiUrl', 'appUrl'],
  },
  usage: { description: 'Postage: usage and entitlements', needs: ['table'] },
  account: { description: 'Postage: accounts and the catalogue', needs: ['table'] },
  credits: { description: 'Postage: credits and their ledger', needs: ['table'] },
  purchases: {
    description: 'Postage: bundles of credits',
    needs: ['table', 'stripeSecretId', 'stripeApiUrl', 'appUrl'],
  },
  gifts: { description: 'Postage: gifts of credits', needs: ['table', 'giftSecretId'] },
  billing: {
    description: 'Postage: Checkout and Portal of Stripe',
    needs: ['table', 'stage', 'stripeSecretId', 'stripeApiUrl', 'appUrl'],
  },
  consumption: { description: 'Postage: usage counted by other services', needs: ['table'] },
  admin: {
    description: 'Postage: every account, for the owner of the app',
    needs: ['table', 'disposable', 'userPoolId'],
  },
  'failed-events': {
    description: 'Postage: events that failed, and sending them again',
    needs: ['table', 'disposable', 'userPoolId', 'stripeEventsQueueUrl'],
  },
  webhooks: {
    description: 'Postage: what others call',
    needs: ['stripeSecretId', 'stripeApiUrl', 'stripeEventsQueueUrl'],
  },
  'mail-webhook': {
    description: 'Postage: what Lob says of physical mails',
    needs: ['table', 'mailSecretId'],
  },
  reconciliation: {
    description: 'Postage: sending what is due, on demand',
    needs: ['table', 'cronSecretId', 'reconcilerArn'],
  },
  cron: {
    description: 'Postage: jobs on demand',
    needs: ['table', 'stage', 'disposable', 'cronSecretId', 'rolloverStateMachineArn'],
  },
  docs: { description: 'Postage: health and documentation', needs: ['stage', 'publicUrl', 'stripeApiUrl'] },
} as const satisfies Record<RouteGroup, { description: string; needs: readonly Variable[] }>;

const SWAGGER_FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'].map(
  (file) => `node_modules/swagger-ui-dist/${file}`,
);

const ADDRESSES_KEPT_DAYS = 14;

/** The log that has the callers' addresses is kept more briefly than those of the functions, which have none. */
function withAddresses({ retention, ...stage }: Stage): Stage {
  const logDays = retention?.logDays ?? ADDRESSES_KEPT_DAYS;
  return logDays < ADDRESSES_KEPT_DAYS
    ? { ...stage, retention }
    : { ...stage, retention: { ...retention, logDays: ADDRESSES_KEPT_DAYS } };
}

/** No user: the function's own log has the request's id too. */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  ip: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  requestTime: '$context.requestTime',
  routeKey: '$context.routeKey',
  status: '$context.status',
  responseLatencyMs: '$context.responseLatency',
  responseLength: '$context.responseLength',
  integrationError: '$context.integrationErrorMessage',
  authorizerError: '$context.authorizer.error',
};
