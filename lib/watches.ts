/** What is watched, and what an alarm says: each watch becomes an alarm of `monitoring.ts`. */
import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { type IMetric, MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct, IDependable } from 'constructs';
import { TABLE_SCHEMA } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { DELIVERY_LIMITS, DELIVERY_METRICS } from '../lambdas/letters/wiring/metrics.ts';
import {
  BUSY_METRICS,
  METRIC_DIMENSION,
  METRIC_NAMESPACE,
  METRICS,
  PAYMENT_METRICS,
  RECONCILER_LIMITS,
  RECONCILER_METRICS,
  ROLLOVER_LIMITS,
} from '../lambdas/wiring/metrics.ts';
import type { Payments } from './payments.ts';
import type { PostageFunction } from './postage-function.ts';
import { deadLetterQueuesOf } from './queues.ts';
import { type Reconciler, RECONCILER_INTERVAL } from './reconciler.ts';
import type { Rollover } from './rollover.ts';
import type { Senders } from './senders.ts';
import type { Stage } from './stage.ts';
import type { TableStream } from './stream.ts';

export const SUM = { period: Duration.minutes(5), statistic: Stats.SUM };
export const MAXIMUM = { ...SUM, statistic: Stats.MAXIMUM };
export const P99 = { ...SUM, statistic: Stats.percentile(99) };

export interface Watched {
  stage: Stage;
  httpApi: HttpApi;
  accessLog: LogGroup;
  table: ITable;
  rollover: Rollover;
  stream: TableStream;
  payments: Payments;
  reconciler: Reconciler;
  /** Null: without the letters app. */
  senders: Senders | null;
}

/** An alarm rings above a value, 0 unless told, or when too little has happened for a number of periods. */
export interface Watch {
  /** What is wrong when it rings, in a sentence. */
  says: string;
  metric: IMetric;
  above?: number;
  /** For how many periods on end; 1 unless told. */
  forPeriods?: number;
  absent?: {
    forPeriods: number;
    /** Less than this in a period is too little. */
    below: number;
    /** The alarm comes after what brings the first value, so that no new stack rings. */
    after: IDependable;
  };
  /** Leaves the alarm as it is while there is no value. Otherwise, no value means that nothing is wrong. */
  staysWithoutValue?: true;
  /** It rings for each that comes and says nothing of what lies there, so its end is no good news. */
  isOfArrivals?: true;
}

/** By their names, which are the headings in the runbook too. */
export type Watches = Readonly<Record<string, Watch>>;

export function watchesOf(watched: Watched): Watches {
  const { stage, rollover, stream, payments, reconciler, senders } = watched;
  return {
    ...ofApi(watched),
    ...ofTable(watched),
    ...ofRuns(stage, rollover),
    ...ofStream(stream),
    ...ofPayments(stage, payments),
    ...ofStripeCheck(stage),
    ...ofReconciler(stage, reconciler),
    ...(senders === null ? {} : ofDeliveries(stage, senders)),
    ...ofDeadLetterQueues(stream),
  };
}

/** A metric that functions publish. */
export function metricOf({ name }: Stage, metricName: string, options: MetricOptions): Metric {
  const dimensionsMap = { [METRIC_DIMENSION]: name };
  return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap, ...options });
}

/** Of all functions of the AWS account: they share what may run at once. */
export function throttledFunctions(): Metric {
  return new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', ...SUM });
}

/** HTTP APIs count requests that are refused, and not for what. The access log does. */
function refusals(
  { stage, accessLog }: Watched,
  name: 'RateLimited' | 'WebhooksRefused',
  pattern: string,
): Metric {
  new MetricFilter(accessLog, name, {
    logGroup: accessLog,
    filterPattern: { logPatternString: pattern },
    metricNamespace: METRIC_NAMESPACE,
    // A filter on values alone can give no dimension of one value.
    metricName: `${name}-${stage.name}`,
    metricValue: '1',
  });
  return new Metric({ namespace: METRIC_NAMESPACE, metricName: `${name}-${stage.name}`, ...SUM });
}

function ofApi(watched: Watched): Watches {
  const { httpApi } = watched;
  return {
    'rate-limited': {
      says: 'The API refused more than a hundred requests within five minutes with 429.',
      metric: refusals(watched, 'RateLimited', '{ $.status = "429" }'),
      above: 100,
    },
    'webhooks-refused': {
      says: 'A webhook with a wrong signature was refused with 401, more than four times within five minutes.',
      metric: refusals(watched, 'WebhooksRefused', '{ $.status = "401" && $.routeKey = "POST /webhooks/*" }'),
      above: 4,
    },
    'server-errors': {
      says: 'The API answered more than four requests within five minutes with 5xx.',
      metric: httpApi.metricServerError(SUM),
      above: 4,
    },
    slow: {
      says: 'One request of a hundred took more than three seconds, for a quarter of an hour.',
      metric: httpApi.metricLatency(P99),
      above: Duration.seconds(3).toMilliseconds(),
      forPeriods: 3,
    },
    'functions-throttled': {
      says: 'Lambda did not run more than ten calls within five minutes, since as much ran as the AWS account may.',
      metric: throttledFunctions(),
      above: 10,
    },
  };
}

/** How many requests DynamoDB has throttled, of the table and of what writes to its indexes. */
export function throttledRequests(table: ITable): MathExpression {
  const of = (metricName: string, index?: string): Metric =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: {
        TableName: table.tableName,
        ...(index === undefined ? {} : { GlobalSecondaryIndexName: index }),
      },
      ...SUM,
    });
  const usingMetrics = {
    reads: of('ReadThrottleEvents'),
    writes: of('WriteThrottleEvents'),
    due: of('WriteThrottleEvents', TABLE_SCHEMA.dueIndex.name),
    lists: of('WriteThrottleEvents', TABLE_SCHEMA.listIndex.name),
  };
  // Most of them have no value most of the time, and a sum with a part without value has none.
  const expression = Object.keys(usingMetrics)
    .map((name) => `FILL(${name}, 0)`)
    .join(' + ');
  return new MathExpression({ expression, usingMetrics, period: SUM.period, label: 'throttled requests' });
}

function ofTable({ stage, table }: Watched): Watches {
  return {
    'table-throttled': {
      says: 'DynamoDB throttled more than ten requests to the table or its indexes within five minutes.',
      metric: throttledRequests(table),
      above: 10,
    },
    'table-conflicts': {
      says: 'More than ten requests or jobs gave up within five minutes, since others wrote the same items.',
      metric: metricOf(stage, BUSY_METRICS.conflict, SUM),
      above: 10,
    },
  };
}

function ofRuns(stage: Stage, rollover: Rollover): Watches {
  const { stateMachine } = rollover;
  const { errorRatePercent, millisecondsPerThousand, hoursWithoutRun } = ROLLOVER_LIMITS;
  const { errorRatePercent: errorRate, millisecondsPerThousand: slowness, runs } = METRICS;
  return {
    'rollover-failed': { says: 'A rollover run failed.', metric: stateMachine.metricFailed(SUM) },
    'rollover-timed-out': {
      says: 'A rollover run was not finished after six hours.',
      metric: stateMachine.metricTimedOut(SUM),
    },
    'rollover-aborted': {
      says: 'Somebody aborted a rollover run.',
      metric: stateMachine.metricAborted(SUM),
    },
    'rollover-error-rate': {
      says: `More than ${errorRatePercent}% of the accounts of a rollover run failed.`,
      metric: metricOf(stage, errorRate, MAXIMUM),
      above: errorRatePercent,
      staysWithoutValue: true,
    },
    'rollover-slow': {
      says: `A rollover run took more than ${millisecondsPerThousand / 1000} s per 1,000 accounts.`,
      metric: metricOf(stage, slowness, MAXIMUM),
      above: millisecondsPerThousand,
      staysWithoutValue: true,
    },
    'rollover-missing': {
      says: `No rollover run finished within ${hoursWithoutRun} hours.`,
      metric: metricOf(stage, runs, { ...SUM, period: Duration.hours(1) }),
      absent: { forPeriods: hoursWithoutRun, below: 1, after: rollover },
    },
  };
}

function ofStream({ consumers }: TableStream): Watches {
  return watchEach(consumers, ({ name, lambda }) => ({
    [`${name}-late`]: {
      says: `The function ${name} is more than five minutes behind the table.`,
      metric: lambda.metric('IteratorAge', MAXIMUM),
      above: MAXIMUM.period.toMilliseconds(),
    },
    [`${name}-records-lost`]: {
      says: `The function ${name} gave records up, and the bucket did not take them either.`,
      metric: lambda.metric('DestinationDeliveryFailures', SUM),
    },
  }));
}

function ofPayments(stage: Stage, { events, workers }: Payments): Watches {
  const { failedEvents, unknownPrices, twoSubscriptions, customersWithoutUser } = PAYMENT_METRICS;
  return {
    'stripe-event-failed': {
      says: 'The worker could not process an event from Stripe, and set it aside.',
      metric: metricOf(stage, failedEvents, SUM),
    },
    'stripe-unknown-price': {
      says: 'A customer subscribes to a price that is not configured.',
      metric: metricOf(stage, unknownPrices, SUM),
    },
    'stripe-two-subscriptions': {
      says: 'A customer pays for two subscriptions.',
      metric: metricOf(stage, twoSubscriptions, SUM),
    },
    'stripe-customer-without-user': {
      says: 'A customer at Stripe belongs to no user.',
      metric: metricOf(stage, customersWithoutUser, SUM),
    },
    'stripe-events-late': {
      says: 'The oldest event from Stripe has waited for more than 15 minutes.',
      metric: events.metricApproximateAgeOfOldestMessage(MAXIMUM),
      above: Duration.minutes(15).toSeconds(),
    },
    ...errorsOf(workers, 'It gets the same messages again.'),
  };
}

function ofStripeCheck(stage: Stage): Watches {
  return {
    'stripe-check': {
      says: 'Something at Stripe is not as the stack needs it.',
      metric: metricOf(stage, PAYMENT_METRICS.differences, MAXIMUM),
      // Until the next check, a day later.
      staysWithoutValue: true,
    },
  };
}

function ofReconciler(stage: Stage, reconciler: Reconciler): Watches {
  const { minutesWithoutRun } = RECONCILER_LIMITS;
  return {
    'reconciler-missing': {
      says: `Nothing has looked at what is due for ${minutesWithoutRun} minutes.`,
      metric: metricOf(stage, RECONCILER_METRICS.runs, { ...SUM, period: RECONCILER_INTERVAL }),
      absent: {
        forPeriods: minutesWithoutRun / RECONCILER_INTERVAL.toMinutes(),
        below: reconciler.parts,
        after: reconciler,
      },
    },
    'reconciler-failures': {
      says: 'The reconciler could not deal with something that is due. It stays due.',
      metric: metricOf(stage, RECONCILER_METRICS.failures, SUM),
    },
  };
}

function ofDeliveries(stage: Stage, { targets }: Senders): Watches {
  const { stuckPercentOfDay } = DELIVERY_LIMITS;
  const sendsEmails = targets.some(({ name }) => name === 'email-sender');
  return {
    ...(sendsEmails ? ofReputation() : {}),
    'deliveries-stuck': {
      says: `Senders did not answer more than ${stuckPercentOfDay}% of the day's deliveries in time.`,
      metric: metricOf(stage, DELIVERY_METRICS.stuckPercentOfDay, MAXIMUM),
      above: stuckPercentOfDay,
      staysWithoutValue: true,
    },
    'delivery-unpaid': {
      says: 'All that a card had paid for a mail went back after the mail was handed to its sender.',
      metric: metricOf(stage, DELIVERY_METRICS.unpaid, SUM),
    },
    ...watchEach(targets, ({ name, queue }) => ({
      [`${name}-late`]: {
        says: `A message for the function ${name} has waited for more than 15 minutes.`,
        metric: queue.metricApproximateAgeOfOldestMessage(MAXIMUM),
        above: Duration.minutes(15).toSeconds(),
      },
    })),
  };
}

/** SES pauses accounts at twice these. https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html */
function ofReputation(): Watches {
  const rate = (metricName: string): Metric =>
    new Metric({ namespace: 'AWS/SES', metricName, ...MAXIMUM, period: Duration.hours(1) });
  return {
    'emails-bounce': {
      says: 'More than 5% of the e-mails of the AWS account bounce.',
      metric: rate('Reputation.BounceRate'),
      above: 0.05,
      staysWithoutValue: true,
    },
    'emails-complained-of': {
      says: 'Recipients complain of more than one of a thousand e-mails of the AWS account.',
      metric: rate('Reputation.ComplaintRate'),
      above: 0.001,
      staysWithoutValue: true,
    },
  };
}

/**
 * Rings for what comes. "Is not empty" would ring once, and never again while one old message lies there. A queue in which
 * nothing lies has no values after some hours, so what is missing counts as 0. A value that comes late makes the difference
 * negative, and rings nothing. SQS counts as sent only what somebody sends, and not what a queue itself moves here.
 */
function ofDeadLetterQueues(inStack: Construct): Watches {
  return watchEach(deadLetterQueuesOf(inStack), ({ node, queue }) => ({
    [node.id]: {
      says: `Something new lies in the dead-letter queue ${node.id}.`,
      metric: new MathExpression({
        expression: 'DIFF(FILL(lying, 0))',
        usingMetrics: { lying: queue.metricApproximateNumberOfMessagesVisible(MAXIMUM) },
        period: MAXIMUM.period,
        label: 'new messages',
      }),
      isOfArrivals: true,
    },
  }));
}

function watchEach<Watched>(all: readonly Watched[], watchesOf: (each: Watched) => Watches): Watches {
  return all.reduce<Watches>((watches, each) => ({ ...watches, ...watchesOf(each) }), {});
}

function errorsOf(functions: readonly PostageFunction[], then: string): Watches {
  return watchEach(functions, ({ name, lambda }) => ({
    [`${name}-errors`]: {
      says: `The function ${name} broke off. ${then}`,
      metric: lambda.metricErrors(SUM),
    },
  }));
}
