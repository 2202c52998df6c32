/** What a stack costs that nobody uses, from its own template. */
import * as z from 'zod/mini';
import { CLOUDWATCH, COGNITO, SECRETS, SQS, WAF } from './price-list.ts';

export const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.optional(z.record(z.string(), z.unknown())) }),
  ),
});
export type Template = z.infer<typeof Template>;

const Arn = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });

/** A line of the bill, in dollars a month. */
export interface Cost {
  what: string;
  dollars: number;
}

export interface IdleCosts {
  /** What every stack has. */
  costs: Cost[];
  /** What its owner has chosen, and could leave out. */
  extras: Cost[];
}

/** What a stage has been since its first template. Each further alarm watches what an owner has chosen. */
const ALARMS_OF_EVERY_STACK = 34;

/**
 * For each queue, Lambda keeps five connections that ask for 20 seconds each.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const POLLS_A_MONTH = (5 * 3 * 60 * 24 * 365) / 12;

export function idleCosts({ Resources }: Template): IdleCosts {
  const resources = Object.values(Resources);
  const of = (type: string): typeof resources => resources.filter(({ Type }) => Type === type);
  const count = (type: string): number => of(type).length;
  const alarms = count('AWS::CloudWatch::Alarm');
  const queues = of('AWS::Lambda::EventSourceMapping').filter((mapping) => {
    const source = z.safeParse(Arn, mapping.Properties?.['EventSourceArn']);
    return source.success && Resources[source.data['Fn::GetAtt'][0]]?.Type === 'AWS::SQS::Queue';
  }).length;
  const machines = of('AWS::Cognito::UserPoolClient').filter(isMachine).length;
  const rules = of('AWS::WAFv2::WebACL').flatMap(({ Properties }) => Properties?.['Rules'] ?? []).length;
  const dashboards = count('AWS::CloudWatch::Dashboard');
  const page = count('Custom::PostagePage');
  return {
    costs: [
      cost(
        counted(count('AWS::SecretsManager::Secret'), 'secret'),
        count('AWS::SecretsManager::Secret') * SECRETS.secret,
      ),
      cost(
        `${counted(Math.min(alarms, ALARMS_OF_EVERY_STACK), 'alarm')}, ${CLOUDWATCH.freeAlarms} of them free`,
        above(Math.min(alarms, ALARMS_OF_EVERY_STACK), CLOUDWATCH.freeAlarms) * CLOUDWATCH.alarm,
      ),
      cost(
        `Lambda asks ${counted(queues, 'queue')} for messages`,
        above(queues * POLLS_A_MONTH, SQS.freeRequests) * SQS.request,
      ),
      cost(
        counted(dashboards, 'dashboard'),
        above(dashboards, CLOUDWATCH.freeDashboards) * CLOUDWATCH.dashboard,
      ),
    ],
    extras: [
      cost(
        counted(above(alarms, ALARMS_OF_EVERY_STACK), 'further alarm'),
        above(alarms, ALARMS_OF_EVERY_STACK) * CLOUDWATCH.alarm,
      ),
      cost(`${counted(machines, 'machine client')} of Cognito`, machines * COGNITO.machineClient),
      cost(
        counted(count('AWS::WAFv2::WebACL'), 'web ACL'),
        count('AWS::WAFv2::WebACL') * WAF.webAcl + rules * WAF.rule,
      ),
    ]
      .filter(({ dollars }) => dollars > 0)
      // Its files are a few cents a year.
      .concat(page === 0 ? [] : [cost('the page: its bucket, and CloudFront', 0)]),
  };
}

export function sumOf(costs: readonly Cost[]): number {
  return costs.reduce((sum, { dollars }) => sum + dollars, 0);
}

type Resource = Template['Resources'][string];

function isMachine({ Properties }: Resource): boolean {
  return JSON.stringify(Properties?.['AllowedOAuthFlows'] ?? []).includes('client_credentials');
}

function cost(what: string, dollars: number): Cost {
  return { what, dollars };
}

function above(count: number, free: number): number {
  return Math.max(0, count - free);
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
