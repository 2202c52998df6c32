/**
 * AWS's list prices in US dollars, us-east-1, as they stood in November 2026. Other regions cost up to a third more.
 * What is free each month, is free once in an account and not once in a stack.
 */
const MILLION = 1_000_000;

/** https://aws.amazon.com/dynamodb/pricing/on-demand/ */
export const DYNAMODB = { writeUnit: 0.625 / MILLION, readUnit: 0.125 / MILLION };

/** https://aws.amazon.com/lambda/pricing/ (arm64) */
export const LAMBDA = { request: 0.2 / MILLION, gigabyteSecond: 0.000_013_333_4 };

/** https://aws.amazon.com/api-gateway/pricing/ (HTTP APIs, the first 300 million requests of a month) */
export const HTTP_API = { request: 1 / MILLION };

/** https://aws.amazon.com/eventbridge/pricing/ */
export const EVENTBRIDGE = { event: 1 / MILLION };

/** https://aws.amazon.com/sqs/pricing/ */
export const SQS = { request: 0.4 / MILLION, freeRequests: MILLION };

/** https://aws.amazon.com/cloudwatch/pricing/ */
export const CLOUDWATCH = {
  alarm: 0.1,
  freeAlarms: 10,
  dashboard: 3,
  freeDashboards: 3,
  logGigabyte: 0.5,
  canaryRun: 0.001_2,
};

/** https://aws.amazon.com/secrets-manager/pricing/ */
export const SECRETS = { secret: 0.4 };

/** https://aws.amazon.com/waf/pricing/ */
export const WAF = { webAcl: 5, rule: 1 };

/** https://aws.amazon.com/cloudfront/pricing/ (HTTPS, North America and Europe) */
export const CLOUDFRONT = { request: 1 / MILLION, freeRequests: 10 * MILLION };

/** https://aws.amazon.com/ses/pricing/ */
export const SES = { email: 0.1 / 1_000 };

/**
 * https://aws.amazon.com/cognito/pricing/ The machine client is billed by its token requests; AWS named a price for the
 * client itself in 2024, which its pages have not repeated since. It is counted here, since it may come back.
 */
export const COGNITO = {
  machineClient: 6,
  freeUsers: 10_000,
  activeUser: { LITE: 0.005_5, ESSENTIALS: 0.015, PLUS: 0.02 },
} as const;
