import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CustomResource, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import {
  type AddBehaviorOptions,
  CachePolicy,
  type Distribution,
  Function as CloudFrontFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersReferrerPolicy,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { PAGE_FOLDER, PAGE_PATH } from '../lambdas/wiring/page-files.ts';
import { contentSecurityPolicy, stripeScript } from '../web/headers.ts';
import { pageFolder } from '../web/page-folder.ts';
import { fileAt } from '../web/page-paths.ts';
import type { PageConfig } from '../web/src/page-config.ts';
import type { PageSignIn } from './identity.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import type { Stage } from './stage.ts';

export interface PageProps {
  stage: Stage;
  settings: NonNullable<Stage['page']>;
  build: Build;
  distribution: Distribution;
  signIn: PageSignIn;
}

const BUILD = fileURLToPath(new URL('../web/build.ts', import.meta.url));

/** CloudFormation would wait for an hour when the function dies without an answer. */
const ANSWERS_WITHIN = Duration.minutes(5);

/** The web page: its files in a private bucket, which the distribution serves under `/app/`. */
export class Page extends Construct {
  constructor(scope: Construct, id: string, { stage, settings, build, distribution, signIn }: PageProps) {
    super(scope, id);
    const files = this.createBucket();
    const behavior = this.behaviorFor(stage, signIn);
    const origin = S3BucketOrigin.withOriginAccessControl(files);
    for (const pattern of ['/', PAGE_PATH.slice(0, -1), `${PAGE_PATH}*`]) {
      distribution.addBehavior(pattern, origin, behavior);
    }
    this.publish(build, files, {
      name: settings.name ?? 'Postage',
      apiUrl: '/',
      issuer: signIn.issuer,
      clientId: signIn.clientId,
      scope: signIn.scope,
      signOutUrl: signIn.signOutUrl,
      hasLetters: build.hasLetters,
      stripe: stripeOf(settings),
    });
  }

  private createBucket(): Bucket {
    const bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      // In every stage: what is in it comes from the sources. The function empties it first.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'It holds what everybody may read, and only the distribution asks for it.',
    });
    return bucket;
  }

  private behaviorFor({ origins }: Stage, signIn: PageSignIn): AddBehaviorOptions {
    const headers = new ResponseHeadersPolicy(this, 'Headers', {
      comment: 'The page of Postage',
      securityHeadersBehavior: {
        contentSecurityPolicy: {
          contentSecurityPolicy: contentSecurityPolicy({ signIn: signIn.origins, stripeStandIn: null }),
          override: true,
        },
        contentTypeOptions: { override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
        // Of this name alone: other names of the owner's domain are theirs to decide.
        strictTransportSecurity: { accessControlMaxAge: Duration.days(365), override: true },
      },
      // `<postage-usage>` is a module, which a page on another origin may load only where that is said.
      ...(origins === undefined || origins === null
        ? {}
        : {
            corsBehavior: {
              accessControlAllowCredentials: false,
              accessControlAllowHeaders: ['*'],
              accessControlAllowMethods: ['GET', 'HEAD'],
              accessControlAllowOrigins: origins,
              originOverride: true,
            },
          }),
    });
    const paths = new CloudFrontFunction(this, 'Paths', {
      comment: 'Which file of the page a path names',
      runtime: FunctionRuntime.JS_2_0,
      code: FunctionCode.fromInline(PATHS),
    });
    return {
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      // As each file says of itself. One that says `no-cache` is kept for a second, so a deployment need not clear anything.
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      responseHeadersPolicy: headers,
      functionAssociations: [{ eventType: FunctionEventType.VIEWER_REQUEST, function: paths }],
    };
  }

  /**
   * By a function that has the page beside it. CDK's `BucketDeployment` would bring one in Python with the AWS CLI, which no
   * test runs, with wide rights, and would need a deployment for each way of caching.
   */
  private publish(build: Build, files: Bucket, config: PageConfig): void {
    const folder = pageFolder();
    const publisher = new PostageFunction(this, 'publish-page', {
      build,
      description: 'Postage: puts the web page into its bucket',
      arns: { pageFiles: files.arnForObjects('*'), pageBucket: files.bucketArn },
      environment: { pageBucket: files.bucketName },
      timeout: Duration.minutes(2),
      // Only where functions are bundled: what else is asked of the template needs no page.
      beside: (bundle) => [
        `"${process.execPath}" "${BUILD}" > /dev/null`,
        `cp -R "${folder}" "${bundle}/${PAGE_FOLDER}"`,
      ],
    });
    const { defaultChild } = files.node;
    const id = defaultChild instanceof CfnBucket ? Stack.of(this).getLogicalId(defaultChild) : '';
    Validations.of(publisher).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${id}.Arn>/*]`,
      reason: 'Nothing but the page is in the bucket, and its files have names of their own in each version.',
    });
    new CustomResource(this, 'Published', {
      resourceType: 'Custom::PostagePage',
      serviceToken: publisher.lambda.functionArn,
      serviceTimeout: ANSWERS_WITHIN,
      // CloudFormation asks the function when one of these has changed.
      properties: { build: basename(folder), config: Stack.of(this).toJsonString(config) },
    });
  }
}

function stripeOf({ stripePublishableKey }: PageProps['settings']): PageConfig['stripe'] {
  return stripePublishableKey === undefined
    ? null
    : { publishableKey: stripePublishableKey, scriptUrl: stripeScript() };
}

/**
 * What CloudFront does with a request for the page: the address of the page leads to it from `/` and from `/app`. Error pages
 * of the distribution would do for places within the page too, and would stand in for refusals of the API.
 */
const PATHS = `${fileAt.toString()}
function handler(event) {
  var request = event.request;
  var page = '${PAGE_PATH}';
  if (request.uri.indexOf(page) !== 0) {
    return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: page } } };
  }
  request.uri = page + fileAt(request.uri.slice(page.length));
  return request;
}
`;
