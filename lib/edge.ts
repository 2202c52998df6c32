import { Aws, CfnRule, Fn, Stack, Validations } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  OriginRequestPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';

export interface EdgeProps {
  stage: Stage;
  settings: NonNullable<Stage['edge']>;
  httpApi: HttpApi;
}

/**
 * CloudFront in front of the API, with a rule that stops an address that asks too often. An HTTP API itself takes no WAF.
 * What else the stage serves gets behaviours of the same distribution.
 */
export class Edge extends Construct {
  readonly distribution: Distribution;
  /** Where the API answers. */
  readonly url: string;

  constructor(scope: Construct, id: string, { stage, settings, httpApi }: EdgeProps) {
    super(scope, id);
    const { domain } = stage;
    const webAcl = this.createWebAcl(settings);
    const ofDomain =
      domain === undefined || domain === null
        ? {}
        : {
            domainNames: [domain.name],
            certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
          };
    this.distribution = new Distribution(this, 'Distribution', {
      comment: `Postage ${stage.name}`,
      webAclId: webAcl.attrArn,
      httpVersion: HttpVersion.HTTP2_AND_3,
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      defaultBehavior: {
        origin: new HttpOrigin(`${httpApi.apiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`),
        allowedMethods: AllowedMethods.ALLOW_ALL,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        // Answers are of one user, now.
        cachePolicy: CachePolicy.CACHING_DISABLED,
        // The gateway finds its API by the host, so that of the viewer must not reach it.
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      },
      ...ofDomain,
    });
    this.url = `https://${domain?.name ?? this.distribution.distributionDomainName}`;
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions-CFR1', reason: 'Users are anywhere.' },
      {
        id: 'AwsSolutions-CFR3',
        reason: 'The gateway logs each request that reaches it, and WAF counts the rest.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          "CloudFront's own certificate comes with a protocol of its own choice; a domain has TLS 1.2 at least.",
      },
    );
  }

  private createWebAcl({ requestsPerFiveMinutes }: EdgeProps['settings']): CfnWebACL {
    // What CloudFront uses is made there, and CloudFormation would say so only in the middle of a deployment.
    new CfnRule(this, 'Region', {
      assertions: [
        {
          assert: Fn.conditionEquals(Stack.of(this).region, 'us-east-1'),
          assertDescription:
            'A stage with edge is deployed to us-east-1: WAF keeps the rules for CloudFront there.',
        },
      ],
    });
    const metric = (metricName: string) => ({
      cloudWatchMetricsEnabled: true,
      sampledRequestsEnabled: true,
      metricName,
    });
    return new CfnWebACL(this, 'WebAcl', {
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: metric('requests'),
      rules: [
        {
          name: 'rate-per-address',
          priority: 0,
          statement: {
            rateBasedStatement: {
              aggregateKeyType: 'IP',
              limit: requestsPerFiveMinutes,
              evaluationWindowSec: 300,
            },
          },
          action: { block: { customResponse: { responseCode: 429 } } },
          visibilityConfig: metric('rate-per-address'),
        },
      ],
    });
  }
}
