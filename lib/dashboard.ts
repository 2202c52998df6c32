import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { DELIVERY_METRICS } from '../lambdas/letters/wiring/metrics.ts';
import { BUSY_METRICS, METRICS, PAYMENT_METRICS, RECONCILER_METRICS } from '../lambdas/wiring/metrics.ts';
import type { Monitoring } from './monitoring.ts';
import { deadLetterQueuesOf } from './queues.ts';
import {
  MAXIMUM,
  metricOf,
  P99,
  SUM,
  throttledFunctions,
  throttledRequests,
  type Watched,
} from './watches.ts';

const WIDTH = 24;

/**
 * What one looks at when an alarm rings: the alarms, then what users notice, then what may hold it up, then what runs behind
 * their backs. An AWS account has three dashboards of 50 metrics for nothing; each further one is $3 a month.
 */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, watched: Watched, monitoring: Monitoring) {
    super(scope, id);
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: `postage-${watched.stage.name}`,
      defaultInterval: Duration.hours(3),
    });
    dashboard.addWidgets(
      new TextWidget({
        markdown: `Postage, stage **${watched.stage.name}**. Each alarm has an entry of its name in docs/runbook.md.`,
        width: WIDTH,
        height: 1,
      }),
    );
    dashboard.addWidgets(
      new AlarmStatusWidget({ alarms: Object.values(monitoring.alarms), width: WIDTH, height: 6 }),
    );
    for (const row of rowsOf(watched)) {
      dashboard.addWidgets(
        ...row.map(
          ([title, left]) =>
            new GraphWidget({ title, left, width: WIDTH / row.length, height: 6, leftYAxis: { min: 0 } }),
        ),
      );
    }
  }
}

type Graph = [title: string, metrics: IMetric[]];

function rowsOf(watched: Watched): Graph[][] {
  const { httpApi, stage, table, rollover, stream, payments, senders } = watched;
  const own = (names: readonly string[]): Metric[] => names.map((name) => metricOf(stage, name, SUM));
  const ofFunctions = (metricName: string, statistic: string): Metric =>
    new Metric({ namespace: 'AWS/Lambda', metricName, period: SUM.period, statistic });
  const latency = (percent: number): Metric =>
    httpApi.metricLatency({ ...P99, statistic: Stats.percentile(percent), label: `p${String(percent)}` });
  return [
    [
      ['Requests', [httpApi.metricCount(SUM)]],
      ['Refused and failed requests', [httpApi.metricClientError(SUM), httpApi.metricServerError(SUM)]],
      ['Milliseconds', [latency(50), latency(99)]],
    ],
    [
      ['The table throttles', [throttledRequests(table)]],
      ['Gave up on the table', own(Object.values(BUSY_METRICS))],
      [
        'Functions of the account',
        [
          ofFunctions('ConcurrentExecutions', Stats.MAXIMUM),
          throttledFunctions(),
          ofFunctions('Errors', Stats.SUM),
        ],
      ],
    ],
    [
      [
        'Behind the table, milliseconds',
        stream.consumers.map(({ name, lambda }) => lambda.metric('IteratorAge', { ...MAXIMUM, label: name })),
      ],
      [
        'The oldest message, seconds',
        [{ name: 'stripe-events', queue: payments.events }, ...(senders?.targets ?? [])].map(
          ({ name, queue }) => queue.metricApproximateAgeOfOldestMessage({ ...MAXIMUM, label: name }),
        ),
      ],
      [
        'Lies in dead-letter queues',
        deadLetterQueuesOf(stream).map(({ node, queue }) =>
          queue.metricApproximateNumberOfMessagesVisible({ ...MAXIMUM, label: node.id }),
        ),
      ],
    ],
    [
      ['Rollover', [...own([METRICS.accounts, METRICS.failures]), rollover.stateMachine.metricFailed(SUM)]],
      [
        'What is due',
        own([
          RECONCILER_METRICS.failures,
          ...(senders === null ? [] : [DELIVERY_METRICS.dispatched, DELIVERY_METRICS.stuck]),
        ]),
      ],
      ['Stripe', own([PAYMENT_METRICS.failedEvents, PAYMENT_METRICS.differences])],
    ],
  ];
}
