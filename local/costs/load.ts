/** What users cost, from the units that the bench has measured for each act. */
import { ACTS, type Act, type UnitsResult } from './acts.ts';
import type { Cost, Template } from './idle.ts';
import {
  CLOUDFRONT,
  CLOUDWATCH,
  COGNITO,
  DYNAMODB,
  EVENTBRIDGE,
  HTTP_API,
  LAMBDA,
  SES,
} from './price-list.ts';

/** What one user does in a month, on the average. */
export type Habits = Record<Act, number>;

type PoolPlan = keyof typeof COGNITO.activeUser;

/** The plan of the stage's Cognito pool; null: an issuer of the owner's own. */
export function poolIn({ Resources }: Template): PoolPlan | null {
  const pool = Object.values(Resources).find(({ Type }) => Type === 'AWS::Cognito::UserPool');
  const plan = pool?.Properties?.['UserPoolTier'];
  const known = Object.keys(COGNITO.activeUser).find((name): name is PoolPlan => name === plan);
  // What AWS takes where nothing is said.
  return pool === undefined ? null : (known ?? 'ESSENTIALS');
}

/** Whether each request to the API comes by CloudFront. */
export function isBehindCloudFront({ Resources }: Template): boolean {
  return Object.values(Resources).some(({ Type }) => Type === 'AWS::CloudFront::Distribution');
}

/**
 * How an act passes through the stack: requests to the API, and calls of functions, those on the stream counted as if each
 * record came alone, which is dearest.
 */
const PATHS: Readonly<Record<Act, { requests: number; calls: number; emails: number }>> = {
  accountRead: { requests: 1, calls: 1, emails: 0 },
  consumption: { requests: 1, calls: 3, emails: 0 },
  creditConsumption: { requests: 1, calls: 3, emails: 0 },
  letter: { requests: 1, calls: 3, emails: 0 },
  // Ordered, dispatched, claimed, answered: each change calls both functions on the stream; a sender and who applies its answer.
  email: { requests: 1, calls: 11, emails: 1 },
  mail: { requests: 1, calls: 11, emails: 0 },
  rollover: { requests: 0, calls: 2, emails: 0 },
};

/** Assumed, since only AWS can tell: the memory of most functions, how long AWS bills for a call, and what it logs. */
export const ASSUMED = { callGigabytes: 0.5, callSeconds: 0.05, logBytesPerCall: 1_000 };

/** What of the stage the costs depend on. */
interface Billed {
  plan: PoolPlan | null;
  isBehindCloudFront: boolean;
}

export function loadCosts(units: UnitsResult, users: number, habits: Habits, stage: Billed): Cost[] {
  const { plan } = stage;
  const sum = (of: (act: Act) => number): number =>
    ACTS.reduce((total, act) => total + of(act) * habits[act], 0) * users;
  const calls = sum((act) => PATHS[act].calls);
  const requests = sum((act) => PATHS[act].requests);
  const membersAbove = Math.max(0, users - COGNITO.freeUsers);
  return [
    { what: 'DynamoDB, writes', dollars: sum((act) => units[act].writeUnits) * DYNAMODB.writeUnit },
    { what: 'DynamoDB, reads', dollars: sum((act) => units[act].readUnits) * DYNAMODB.readUnit },
    { what: 'API Gateway', dollars: requests * HTTP_API.request },
    {
      what: 'CloudFront',
      dollars: stage.isBehindCloudFront
        ? Math.max(0, requests - CLOUDFRONT.freeRequests) * CLOUDFRONT.request
        : 0,
    },
    {
      what: 'Lambda',
      dollars: calls * (LAMBDA.request + ASSUMED.callGigabytes * ASSUMED.callSeconds * LAMBDA.gigabyteSecond),
    },
    { what: 'EventBridge', dollars: sum((act) => units[act].events) * EVENTBRIDGE.event },
    { what: 'logs', dollars: (calls * ASSUMED.logBytesPerCall * CLOUDWATCH.logGigabyte) / 1e9 },
    { what: 'SES', dollars: sum((act) => PATHS[act].emails) * SES.email },
    { what: 'Cognito', dollars: plan === null ? 0 : membersAbove * COGNITO.activeUser[plan] },
  ];
}
