import { readFileSync } from 'node:fs';
import { ArnFormat, Aws, Duration, Stack, TimeZone, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { DeadLetterQueue } from './queues.ts';
import { createLogGroup } from './log-group.ts';
import { type Build, PostageFunction } from './postage-function.ts';
import type { ResourceArns } from './rights.ts';
import { ofThisAccount } from './schedule.ts';
import type { Stage } from './stage.ts';

export interface RolloverProps {
  stage: Stage;
  build: Build;
  tableName: string;
  arns: ResourceArns;
}

/** The nightly rollover: a schedule that starts a state machine that calls a function for each page of accounts. */
export class Rollover extends Construct {
  readonly stateMachine: StateMachine;
  readonly page: PostageFunction;
  readonly summary: PostageFunction;
  readonly arns: ResourceArns;

  constructor(scope: Construct, id: string, { stage, build, tableName, arns }: RolloverProps) {
    super(scope, id);
    const environment = { table: tableName, stage: stage.name };
    this.page = new PostageFunction(this, 'rollover-page', {
      build,
      description: 'Postage: rolls one page of accounts over',
      arns,
      environment,
      // A page of 1,000 accounts is expected in less than 30 s. More memory is more of the processor, for its signatures.
      timeout: Duration.minutes(5),
      memorySizeMb: 1024,
    });
    this.summary = new PostageFunction(this, 'rollover-summary', {
      build,
      description: 'Postage: reports on a rollover run',
      arns,
      environment,
    });
    const name = `postage-${stage.name}-rollover`;
    this.stateMachine = this.createStateMachine(name, stage);
    this.createSchedule();

    this.arns = {
      rolloverStateMachine: this.stateMachine.stateMachineArn,
      rolloverExecutions: this.arnOfExecutions(name),
    };
  }

  private createStateMachine(name: string, stage: Stage): StateMachine {
    const functions = [this.page.lambda, this.summary.lambda];
    const role = new Role(this, 'Role', { assumedBy: ofThisAccount('states.amazonaws.com') });
    role.addToPolicy(
      allow(
        'lambda:InvokeFunction',
        functions.map(({ functionArn }) => functionArn),
      ),
    );
    // A long run continues in a new execution. By name, because the machine waits for this policy.
    role.addToPolicy(allow('states:StartExecution', [this.arnOf('stateMachine', name)]));

    const machine = new StateMachine(this, 'StateMachine', {
      stateMachineName: name,
      comment: 'Rolls every account over whose period has ended',
      definitionBody: DefinitionBody.fromString(
        readFileSync(new URL('rollover.asl.json', import.meta.url), 'utf8'),
      ),
      definitionSubstitutions: {
        RollPageFunctionArn: this.page.lambda.functionArn,
        SummarizeFunctionArn: this.summary.lambda.functionArn,
        Partition: Aws.PARTITION,
      },
      role,
      // The data of the events are ids and counts, which the summary and the history have as well.
      logs: {
        destination: createLogGroup(this, 'Log', stage, 'rollover'),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: stage.tracing === true,
    });

    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Delivering logs from Step Functions can be allowed for all resources only.',
    });
    if (stage.tracing !== true) {
      const untraced =
        'The history of an execution shows every page with its time, and the functions are not traced.';
      Validations.of(machine).acknowledge(
        { id: 'AwsSolutions-SF2', reason: untraced },
        { id: 'Serverless-StepFunctionStateMachineXray', reason: untraced },
      );
    }
    return machine;
  }

  /** Those of the machine with this name; an execution's own name is drawn when it starts. */
  private arnOfExecutions(name: string): string {
    Validations.of(Stack.of(this)).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${name}:*]`,
      reason: 'Only the executions of the one state machine, whose names are not known before they start.',
    });
    return this.arnOf('execution', `${name}:*`);
  }

  private arnOf(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource,
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  private createSchedule(): void {
    const { stateMachineArn } = this.stateMachine;
    const deadLetters = new DeadLetterQueue(this, 'unstarted-rollovers').replayTo({ stateMachineArn });
    new Schedule(this, 'Schedule', {
      description: 'Postage: rolls all accounts over at midnight UTC',
      schedule: ScheduleExpression.cron({ minute: '0', hour: '0', timeZone: TimeZone.ETC_UTC }),
      target: new StepFunctionsStartExecution(this.stateMachine, {
        input: ScheduleTargetInput.fromObject({ now: ContextAttribute.scheduledTime }),
        deadLetterQueue: deadLetters.queue,
        // A run that starts late does all the same, so AWS tries for two hours before the alarm rings.
        maxEventAge: Duration.hours(2),
        retryAttempts: 60,
      }),
    });
  }
}

function allow(action: string, resources: string[]): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources });
}
