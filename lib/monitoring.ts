import { Aws, Validations } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';
import { SUM, type Watch, type Watched, watchesOf } from './watches.ts';

/** The topic that alarms go to, and the alarms. Each says what is wrong, and where the runbook tells what to do. */
export class Monitoring extends Construct {
  readonly topic: Topic;
  readonly alarms: Readonly<Record<string, Alarm>>;
  private readonly stage: Stage;

  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    this.stage = watched.stage;
    this.topic = this.createTopic();
    const watches = {
      ...watchesOf(watched),
      'alarms-unheard': {
        says: 'SNS could not tell a subscriber of an alarm.',
        metric: this.topic.metricNumberOfNotificationsFailed(SUM),
      },
    };
    this.alarms = Object.fromEntries(
      Object.entries(watches).map(([name, watch]) => [name, this.watch(name, watch)]),
    );
    this.watchBill();
  }

  private createTopic(): Topic {
    const topic = new Topic(this, 'Topic', { displayName: `Postage ${this.stage.name}`, enforceSSL: true });
    // A topic that is given a policy loses the default one, which lets the alarms of its account publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: ['cloudwatch', 'budgets'].map(
          (service) => new ServicePrincipal(`${service}.amazonaws.com`),
        ),
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    for (const address of this.stage.alarmEmails ?? []) {
      const subscription = topic.addSubscription(new EmailSubscription(address));
      Validations.of(subscription).acknowledge({
        id: 'Serverless-SNSRedrivePolicy',
        reason:
          'What an address does not get rings an alarm of its own, and the alarms stand on the dashboard.',
      });
    }
    return topic;
  }

  private watch(
    name: string,
    { says, metric, above = 0, forPeriods = 1, absent, staysWithoutValue, isOfArrivals }: Watch,
  ): Alarm {
    const alarm = new Alarm(this, name, {
      alarmName: `postage-${this.stage.name}-${name}`,
      alarmDescription: `${says} See docs/runbook.md#${name}`,
      metric,
      ...(absent === undefined
        ? {
            comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
            threshold: above,
            evaluationPeriods: forPeriods,
            treatMissingData: staysWithoutValue ? TreatMissingData.IGNORE : TreatMissingData.NOT_BREACHING,
          }
        : {
            comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
            threshold: absent.below,
            evaluationPeriods: absent.forPeriods,
            treatMissingData: TreatMissingData.BREACHING,
          }),
    });
    if (absent !== undefined) {
      alarm.node.addDependency(absent.after);
    }
    const topic = new SnsAction(this.topic);
    alarm.addAlarmAction(topic);
    if (!isOfArrivals) {
      alarm.addOkAction(topic);
    }
    return alarm;
  }

  /** Of the whole AWS account: costs by tag are there only after somebody has activated the tag. */
  private watchBill(): void {
    const { monthlyDollars = null } = this.stage.limits ?? {};
    if (monthlyDollars === null) {
      return;
    }
    new CfnBudget(this, 'Budget', {
      budget: {
        budgetName: `postage-${this.stage.name}`,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: monthlyDollars, unit: 'USD' },
      },
      notificationsWithSubscribers: (['ACTUAL', 'FORECASTED'] as const).map((notificationType) => ({
        notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold: 100 },
        subscribers: [{ subscriptionType: 'SNS', address: this.topic.topicArn }],
      })),
    });
  }
}
