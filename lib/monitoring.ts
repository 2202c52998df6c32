import { Aws, Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  type MetricOptions,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { DELIVERY_LIMITS, DELIVERY_METRICS } from '../lambdas/letters/wiring/metrics.ts';
import {
  METRIC_DIMENSION,
  METRIC_NAMESPACE,
  METRICS,
  PAYMENT_METRICS,
  RECONCILER_LIMITS,
  RECONCILER_METRICS,
  ROLLOVER_LIMITS,
} from '../lambdas/wiring/metrics.ts';
import { DeadLetterQueue } from './queues.ts';
import type { Payments } from './payments.ts';
import type { PostageFunction } from './postage-function.ts';
import { type Reconciler, RECONCILER_INTERVAL } from './reconciler.ts';
import type { Rollover } from './rollover.ts';
import type { Senders } from './senders.ts';
import type { Stage } from './stage.ts';
import type { StripeCheck } from './stripe-check.ts';
import type { TableStream } from './stream.ts';

const SUM = { period: Duration.minutes(5), statistic: Stats.SUM };
const MAXIMUM = { ...SUM, statistic: Stats.MAXIMUM };

export interface MonitoringProps {
  stage: Stage;
  httpApi: HttpApi;
  rollover: Rollover;
  stream: TableStream;
  payments: Payments;
  check: StripeCheck;
  reconciler: Reconciler;
  /** Null: without the letters app. */
  senders: Senders | null;
}

/** An alarm rings above a value, 0 unless told, or when nothing has happened for a number of periods. */
interface Watch {
  /** What is wrong when it rings, in a sentence. */
  says: string;
  metric: IMetric;
  above?: number;
  absentForPeriods?: number;
  /** Leaves the alarm as it is while there is no value. Otherwise, no value means that nothing is wrong. */
  staysWithoutValue?: true;
}

/** By their names, which are the headings in the runbook too. */
type Watches = Readonly<Record<string, Watch>>;

/** The topic that alarms go to, and the alarms. Each says what is wrong, and where the runbook tells what to do. */
export class Monitoring extends Construct {
  readonly topic: Topic;
  private readonly stage: Stage;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    this.stage = props.stage;
    this.topic = new Topic(this, 'Topic', { displayName: `Postage ${this.stage.name}`, enforceSSL: true });
    // A topic that is given a policy loses the default one, which lets the alarms of its account publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    const watches: Watches = {
      ...this.ofRuns(props.rollover),
      ...this.ofStream(props.stream),
      ...this.ofPayments(props.payments),
      ...this.ofStripeCheck(props.check),
      ...this.ofReconciler(props.reconciler),
      ...(props.senders === null ? {} : this.ofDeliveries(props.senders)),
      ...this.ofDeadLetterQueues(),
      'server-errors': {
        says: 'The API answered more than four requests within five minutes with 5xx.',
        metric: props.httpApi.metricServerError(SUM),
        above: 4,
      },
    };
    for (const [name, watch] of Object.entries(watches)) {
      this.watch(name, watch);
    }
  }

  private ofRuns({ stateMachine, page, summary }: Rollover): Watches {
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
      // Only the jobs: an error of one of the API's functions is an answer with 5xx.
      ...errorsOf([page, summary], 'It is tried again, and the run may still succeed.'),
      'rollover-error-rate': {
        says: `More than ${errorRatePercent}% of the accounts of a rollover run failed.`,
        metric: this.metric(errorRate, MAXIMUM),
        above: errorRatePercent,
        staysWithoutValue: true,
      },
      'rollover-slow': {
        says: `A rollover run took more than ${millisecondsPerThousand / 1000} s per 1,000 accounts.`,
        metric: this.metric(slowness, MAXIMUM),
        above: millisecondsPerThousand,
        staysWithoutValue: true,
      },
      'rollover-missing': {
        says: `No rollover run finished within ${hoursWithoutRun} hours.`,
        metric: this.metric(runs, { ...SUM, period: Duration.hours(1) }),
        absentForPeriods: hoursWithoutRun,
      },
    };
  }

  private ofStream({ consumers }: TableStream): Watches {
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

  private ofPayments({ events, workers }: Payments): Watches {
    const { failedEvents, unknownPrices, twoSubscriptions, customersWithoutUser } = PAYMENT_METRICS;
    return {
      'stripe-event-failed': {
        says: 'The worker could not process an event from Stripe, and set it aside.',
        metric: this.metric(failedEvents, SUM),
      },
      'stripe-unknown-price': {
        says: 'A customer subscribes to a price that is not configured.',
        metric: this.metric(unknownPrices, SUM),
      },
      'stripe-two-subscriptions': {
        says: 'A customer pays for two subscriptions.',
        metric: this.metric(twoSubscriptions, SUM),
      },
      'stripe-customer-without-user': {
        says: 'A customer at Stripe belongs to no user.',
        metric: this.metric(customersWithoutUser, SUM),
      },
      'stripe-events-late': {
        says: 'The oldest event from Stripe has waited for more than 15 minutes.',
        metric: events.metricApproximateAgeOfOldestMessage(MAXIMUM),
        above: Duration.minutes(15).toSeconds(),
      },
      ...errorsOf(workers, 'It gets the same messages again.'),
    };
  }

  private ofStripeCheck({ function: check }: StripeCheck): Watches {
    return {
      'stripe-check': {
        says: 'Something at Stripe is not as the stack needs it.',
        metric: this.metric(PAYMENT_METRICS.differences, MAXIMUM),
        // Until the next check, a day later.
        staysWithoutValue: true,
      },
      ...errorsOf([check], 'It is tried again, twice.'),
    };
  }

  private ofReconciler({ function: reconciler }: Reconciler): Watches {
    const { minutesWithoutRun } = RECONCILER_LIMITS;
    return {
      'reconciler-missing': {
        says: `Nothing has looked at what is due for ${minutesWithoutRun} minutes.`,
        metric: this.metric(RECONCILER_METRICS.runs, { ...SUM, period: RECONCILER_INTERVAL }),
        absentForPeriods: minutesWithoutRun / RECONCILER_INTERVAL.toMinutes(),
      },
      ...errorsOf([reconciler], 'The next run goes on.'),
      'reconciler-failures': {
        says: 'The reconciler could not deal with something that is due. It stays due.',
        metric: this.metric(RECONCILER_METRICS.failures, SUM),
      },
    };
  }

  private ofDeliveries({ targets }: Senders): Watches {
    const { stuckPercentOfDay } = DELIVERY_LIMITS;
    return {
      'deliveries-stuck': {
        says: `Senders did not answer more than ${stuckPercentOfDay}% of the day's deliveries in time.`,
        metric: this.metric(DELIVERY_METRICS.stuckPercentOfDay, MAXIMUM),
        above: stuckPercentOfDay,
        staysWithoutValue: true,
      },
      'delivery-unpaid': {
        says: 'All that a card had paid for a mail went back after the mail was handed to its sender.',
        metric: this.metric(DELIVERY_METRICS.unpaid, SUM),
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

  private ofDeadLetterQueues(): Watches {
    const all = Stack.of(this).node.findAll();
    const queues = all.filter((each) => each instanceof DeadLetterQueue);
    return watchEach(queues, ({ node, queue }) => ({
      [node.id]: {
        says: `Something lies in the dead-letter queue ${node.id}.`,
        metric: queue.metricApproximateNumberOfMessagesVisible(MAXIMUM),
      },
    }));
  }

  private metric(metricName: string, options: MetricOptions): Metric {
    const dimensionsMap = { [METRIC_DIMENSION]: this.stage.name };
    return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap, ...options });
  }

  private watch(name: string, { says, metric, above = 0, absentForPeriods, staysWithoutValue }: Watch): void {
    const alarm = new Alarm(this, name, {
      alarmName: `postage-${this.stage.name}-${name}`,
      alarmDescription: `${says} See docs/runbook.md#${name}`,
      metric,
      ...(absentForPeriods === undefined
        ? {
            comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
            threshold: above,
            evaluationPeriods: 1,
            treatMissingData: staysWithoutValue ? TreatMissingData.IGNORE : TreatMissingData.NOT_BREACHING,
          }
        : {
            comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold: 1,
            evaluationPeriods: absentForPeriods,
            treatMissingData: TreatMissingData.BREACHING,
          }),
    });
    const topic = new SnsAction(this.topic);
    alarm.addAlarmAction(topic);
    alarm.addOkAction(topic);
  }
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
