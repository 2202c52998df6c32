import { Aws, Validations } from 'aws-cdk-lib';
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
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';
import { createWebAcl } from './web-acl.ts';

export interface StageDistributionProps {
  stage: Stage;
  httpApi: HttpApi;
}

/**
 * CloudFront in front of the API, and of the page where the stage has one: one name for both. The page adds behaviours of
 * its own; all other requests go to the API.
 */
export class StageDistribution extends Construct {
  readonly distribution: Distribution;
  /** Where the API answers, without a slash at the end. */
  readonly url: string;

  constructor(scope: Construct, id: string, { stage, httpApi }: StageDistributionProps) {
    super(scope, id);
    const { domain, edge } = stage;
    const ofDomain =
      domain === undefined || domain === null
        ? {}
        : {
            domainNames: [domain.name],
            certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
          };
    this.distribution = new Distribution(this, 'Distribution', {
      comment: `Postage ${stage.name}`,
      ...(edge === undefined || edge === null ? {} : { webAclId: createWebAcl(this, edge).attrArn }),
      httpVersion: HttpVersion.HTTP2_AND_3,
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
        id: 'AwsSolutions-CFR2',
        reason: 'A stage without `edge` goes without WAF: the gateway limits the requests of all.',
      },
      {
        id: 'AwsSolutions-CFR3',
        reason:
          'The gateway logs each request that reaches it. The files of the page tell nothing of anybody.',
      },
      {
        id: 'AwsSolutions-CFR4',
        reason:
          "CloudFront's own certificate comes with a protocol of its own choice; a domain has TLS 1.2 at least.",
      },
    );
  }
}
