import { Aws, Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import {
  DELIVERY_LIMITS,
  DELIVERY_METRICS,
  METRIC_DIMENSION,
  METRIC_NAMESPACE,
  METRICS,
  PAYMENT_METRICS,
  ROLLOVER_LIMITS,
} from '../lambdas/wiring/metrics.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import type { Payments } from './payments.ts';
import { type Reconciler, RECONCILER_INTERVAL } from './reconciler.ts';
import type { Rollover } from './rollover.ts';
import type { Senders } from './senders.ts';
import type { Stage } from './stage.ts';
import type { TableStream } from './stream.ts';

const FIVE_MINUTES = { period: Duration.minutes(5), statistic: Stats.SUM };

export interface MonitoringProps {
  stage: Stage;
  httpApi: HttpApi;
  rollover: Rollover;
  stream: TableStream;
  payments: Payments;
  reconciler: Reconciler;
  senders: Senders;
}

interface Watch {
  /** What is wrong when it rings, in a sentence. */
  says: string;
  metric: IMetric;
  ringsWhen: { above: number } | { below: number; periods: number };
  /** What a period without a value means; `IGNORE` lets the alarm stay as it is until there is one. */
  missing: TreatMissingData;
}

/** The topic that alarms go to, and the alarms. Each says what is wrong, and where the runbook tells what to do. */
export class Monitoring extends Construct {
  readonly topic: Topic;
  private readonly stage: Stage;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { stage, httpApi, rollover, stream, payments, reconciler, senders } = props;
    this.stage = stage;
    this.topic = new Topic(this, 'Topic', { displayName: `Postage ${stage}`, enforceSSL: true });
    // A topic that is given a policy loses the default one, by which the alarms of its account may publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );

    this.watchRuns(rollover);
    this.watchSummaries();
    this.watchStream(stream);
    this.watchPayments(payments);
    this.watchReconciler(reconciler);
    this.watchSenders(senders);
    this.watchDeadLetterQueues();
    this.watch('server-errors', {
      says: 'More than four requests within five minutes were answered with 5xx.',
      metric: httpApi.metricServerError(FIVE_MINUTES),
      ringsWhen: { above: 4 },
      missing: TreatMissingData.NOT_BREACHING,
    });
  }

  private watchRuns({ stateMachine, page, summary }: Rollover): void {
    const whenAny = { ringsWhen: { above: 0 }, missing: TreatMissingData.NOT_BREACHING };
    this.watch('rollover-failed', {
      says: 'A rollover run failed.',
      metric: stateMachine.metricFailed(FIVE_MINUTES),
      ...whenAny,
    });
    this.watch('rollover-timed-out', {
      says: 'A rollover run was not through after six hours.',
      metric: stateMachine.metricTimedOut(FIVE_MINUTES),
      ...whenAny,
    });
    this.watch('rollover-aborted', {
      says: 'Somebody aborted a rollover run.',
      metric: stateMachine.metricAborted(FIVE_MINUTES),
      ...whenAny,
    });
    // Only the jobs: an error of one of the API's functions is an answer with 5xx.
    for (const { name, lambda } of [page, summary]) {
      this.watch(`${name}-errors`, {
        says: `The function ${name} broke off. It is tried again, and the run may still succeed.`,
        metric: lambda.metricErrors(FIVE_MINUTES),
        ...whenAny,
      });
    }
  }

  private watchSummaries(): void {
    const { errorRatePercent, millisecondsPerThousand, hoursWithoutRun } = ROLLOVER_LIMITS;
    this.watch('rollover-error-rate', {
      says: `More than ${errorRatePercent}% of the accounts of a rollover run failed.`,
      metric: this.metricOfRuns('errorRatePercent', { statistic: Stats.MAXIMUM }),
      ringsWhen: { above: errorRatePercent },
      missing: TreatMissingData.IGNORE,
    });
    this.watch('rollover-slow', {
      says: `A rollover run took more than ${millisecondsPerThousand / 1000} s per 1,000 accounts.`,
      metric: this.metricOfRuns('millisecondsPerThousand', { statistic: Stats.MAXIMUM }),
      ringsWhen: { above: millisecondsPerThousand },
      missing: TreatMissingData.IGNORE,
    });
    this.watch('rollover-missing', {
      says: `No rollover run came to its end within ${hoursWithoutRun} hours.`,
      metric: this.metricOfRuns('runs', { statistic: Stats.SUM, period: Duration.hours(1) }),
      ringsWhen: { below: 1, periods: hoursWithoutRun },
      missing: TreatMissingData.BREACHING,
    });
  }

  private watchStream({ consumers }: TableStream): void {
    for (const { name, lambda } of consumers) {
      this.watch(`${name}-late`, {
        says: `The function ${name} is more than five minutes behind the table.`,
        metric: lambda.metric('IteratorAge', { ...FIVE_MINUTES, statistic: Stats.MAXIMUM }),
        ringsWhen: { above: FIVE_MINUTES.period.toMilliseconds() },
        missing: TreatMissingData.NOT_BREACHING,
      });
      this.watch(`${name}-records-lost`, {
        says: `What the function ${name} failed on for good could not be kept in the bucket either.`,
        metric: lambda.metric('DestinationDeliveryFailures', FIVE_MINUTES),
        ringsWhen: { above: 0 },
        missing: TreatMissingData.NOT_BREACHING,
      });
    }
  }

  private watchPayments({ events, workers }: Payments): void {
    const whenAny = { ringsWhen: { above: 0 }, missing: TreatMissingData.NOT_BREACHING };
    const says: Readonly<Record<keyof typeof PAYMENT_METRICS, [name: string, says: string]>> = {
      failedEvents: [
        'stripe-event-failed',
        "An event of Stripe's could not be processed, and was set aside.",
      ],
      unknownPrices: ['stripe-unknown-price', 'Somebody subscribes to a price that is not configured.'],
      twoSubscriptions: ['stripe-two-subscriptions', 'A customer pays for two subscriptions.'],
      customersWithoutUser: ['stripe-customer-without-user', 'A customer at Stripe belongs to no user.'],
    };
    for (const [metric, metricName] of Object.entries(PAYMENT_METRICS)) {
      const [name, what] = says[metric as keyof typeof PAYMENT_METRICS];
      this.watch(name, { says: what, metric: this.metricOfStage(metricName, FIVE_MINUTES), ...whenAny });
    }
    this.watch('stripe-events-late', {
      says: "The oldest event of Stripe's has waited for more than 15 minutes.",
      metric: events.metricApproximateAgeOfOldestMessage({ ...FIVE_MINUTES, statistic: Stats.MAXIMUM }),
      ringsWhen: { above: Duration.minutes(15).toSeconds() },
      missing: TreatMissingData.NOT_BREACHING,
    });
    for (const { name, lambda } of workers) {
      this.watch(`${name}-errors`, {
        says: `The function ${name} broke off. What it was at comes again.`,
        metric: lambda.metricErrors(FIVE_MINUTES),
        ...whenAny,
      });
    }
  }

  private watchReconciler({ function: { lambda } }: Reconciler): void {
    const { stuckPercentOfDay, minutesWithoutRun } = DELIVERY_LIMITS;
    this.watch('reconciler-missing', {
      says: `Due deliveries have not been looked at for ${minutesWithoutRun} minutes.`,
      metric: this.metricOfStage(DELIVERY_METRICS.runs, {
        statistic: Stats.SUM,
        period: RECONCILER_INTERVAL,
      }),
      ringsWhen: { below: 1, periods: minutesWithoutRun / RECONCILER_INTERVAL.toMinutes() },
      missing: TreatMissingData.BREACHING,
    });
    this.watch('reconciler-errors', {
      says: 'The function reconciler broke off. The next run goes on.',
      metric: lambda.metricErrors(FIVE_MINUTES),
      ringsWhen: { above: 0 },
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.watch('reconciler-failures', {
      says: 'Something that is due could not be dealt with, and stays due.',
      metric: this.metricOfStage(DELIVERY_METRICS.failures, FIVE_MINUTES),
      ringsWhen: { above: 0 },
      missing: TreatMissingData.NOT_BREACHING,
    });
    this.watch('deliveries-stuck', {
      says: `More than ${stuckPercentOfDay}% of the day's deliveries were not answered by their senders in time.`,
      metric: this.metricOfStage(DELIVERY_METRICS.stuckPercentOfDay, {
        ...FIVE_MINUTES,
        statistic: Stats.MAXIMUM,
      }),
      ringsWhen: { above: stuckPercentOfDay },
      missing: TreatMissingData.IGNORE,
    });
  }

  private watchSenders({ targets }: Senders): void {
    for (const { name, queue } of targets) {
      this.watch(`${name}-late`, {
        says: `What the function ${name} has to do has waited for more than 15 minutes.`,
        metric: queue.metricApproximateAgeOfOldestMessage({ ...FIVE_MINUTES, statistic: Stats.MAXIMUM }),
        ringsWhen: { above: Duration.minutes(15).toSeconds() },
        missing: TreatMissingData.NOT_BREACHING,
      });
    }
  }

  private watchDeadLetterQueues(): void {
    for (const deadLetters of Stack.of(this).node.findAll()) {
      if (deadLetters instanceof DeadLetterQueue) {
        this.watch(deadLetters.node.id, {
          says: `Something lies in the dead-letter queue ${deadLetters.node.id}.`,
          metric: deadLetters.queue.metricApproximateNumberOfMessagesVisible({
            ...FIVE_MINUTES,
            statistic: Stats.MAXIMUM,
          }),
          ringsWhen: { above: 0 },
          missing: TreatMissingData.NOT_BREACHING,
        });
      }
    }
  }

  private metricOfRuns(
    metric: keyof typeof METRICS,
    options: { statistic: string; period?: Duration },
  ): Metric {
    return this.metricOfStage(METRICS[metric], options);
  }

  private metricOfStage(metricName: string, options: { statistic: string; period?: Duration }): Metric {
    return new Metric({
      namespace: METRIC_NAMESPACE,
      metricName,
      dimensionsMap: { [METRIC_DIMENSION]: this.stage },
      ...options,
    });
  }

  /** The name is the heading in the runbook too. */
  private watch(name: string, { says, metric, ringsWhen, missing }: Watch): void {
    const alarm = new Alarm(this, name, {
      alarmName: `postage-${this.stage}-${name}`,
      alarmDescription: `${says} See docs/runbook.md#${name}`,
      metric,
      ...('above' in ringsWhen
        ? {
            comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
            threshold: ringsWhen.above,
            evaluationPeriods: 1,
          }
        : {
            comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold: ringsWhen.below,
            evaluationPeriods: ringsWhen.periods,
          }),
      treatMissingData: missing,
    });
    const topic = new SnsAction(this.topic);
    alarm.addAlarmAction(topic);
    alarm.addOkAction(topic);
  }
}
