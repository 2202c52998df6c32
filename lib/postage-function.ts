import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Duration, Tags, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import {
  type ICommandHooks,
  LogLevel,
  NodejsFunction,
  OutputFormat,
  SourceMapMode,
} from 'aws-cdk-lib/aws-lambda-nodejs';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Variable, VARIABLES } from '../lambdas/letters/wiring/environment.ts';
import { createLogGroup } from './log-group.ts';
import { type FunctionName, type ResourceArns, statementsOf } from './rights.ts';
import type { Stage } from './stage.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What a function's environment holds. */
export type Environment = Readonly<Partial<Record<Variable, string>>>;

/** What every function of a stack is built from. */
export interface Build {
  /** With the letters app, whose own handlers stand in for the core's of the same name. */
  hasLetters: boolean;
  stage: Stage;
  /** The owner's file, with the catalogue. */
  configFile: string;
  /** From when the catalogue holds, which functions on the table are told. */
  catalogueSince?: string;
}

export interface PostageFunctionProps {
  build: Build;
  description: string;
  /** Where the resources are that the function's rights are on. */
  arns: ResourceArns;
  environment: Environment;
  /** The folder that holds the handler, in a file of the function's name. `jobs` unless told. */
  folder?: 'api' | 'jobs';
  /** 25 s unless told: the gateway waits for 30. */
  timeout?: Duration;
  /** 512 unless told. */
  memorySizeMb?: number;
  /** Files to lie beside the bundle, relative to the repository. */
  assets?: readonly string[];
  /** Commands that put more beside it, into the folder that they are told. */
  beside?: (bundle: string) => readonly string[];
}

/** The one way to make a Lambda function: bundled, with its own log and a role that has its listed rights only. */
export class PostageFunction extends Construct {
  readonly name: FunctionName;
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, name: FunctionName, props: PostageFunctionProps) {
    super(scope, name);
    const { build, arns, timeout, memorySizeMb, assets = [], beside = () => [] } = props;
    this.name = name;

    const logGroup = createLogGroup(this, 'Log', build.stage);
    this.logGroup = logGroup;
    const isTraced = build.stage.tracing === true;
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    // In place of AWS's managed policy, which is for every log group of the account.
    logGroup.grantWrite(role);
    for (const statement of statementsOf(name, build.hasLetters, arns)) {
      role.addToPrincipalPolicy(statement);
    }

    this.lambda = new NodejsFunction(this, 'Function', {
      description: props.description,
      entry: entryOf(name, props),
      projectRoot: ROOT,
      depsLockFilePath: `${ROOT}package-lock.json`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: timeout ?? Duration.seconds(25),
      memorySize: memorySizeMb ?? 512,
      role,
      logGroup,
      ...(isTraced ? { tracing: Tracing.ACTIVE } : {}),
      environment: {
        ...named(environmentOf(props)),
        // The first stack of an environment would take a tenth of a second. Where users wait, the maps are for the reader of the log.
        ...(build.stage.isProtected ? {} : { NODE_OPTIONS: '--enable-source-maps' }),
      },
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        // The ES modules of the SDK, where there are some: esbuild leaves out what is not used of them.
        mainFields: ['module', 'main'],
        // Bundled too, so that what was tested is what runs, and not the runtime's copy.
        bundleAwsSDK: true,
        minify: true,
        sourceMap: true,
        sourceMapMode: SourceMapMode.DEFAULT,
        sourcesContent: false,
        logLevel: LogLevel.WARNING,
        banner: REQUIRE_FOR_COMMONJS,
        esbuildArgs: { '--alias': [CREDENTIALS_FROM_ENVIRONMENT, ...aliasesTo(build.configFile)] },
        commandHooks: adding(assets, beside),
      },
    });

    // The deployed tests compare what a function calls with its rights, and find it by this tag.
    Tags.of(this.lambda).add('function', name);
    Validations.of(this).acknowledge(
      {
        id: 'Serverless-LambdaDLQ',
        reason:
          'Invoked synchronously only, by the gateway, the state machine, the stream or a queue, which see the error themselves.',
      },
      isTraced
        ? {
            id: 'AwsSolutions-IAM5[Resource::*]',
            reason: 'X-Ray takes traces for all resources only.',
          }
        : {
            id: 'Serverless-LambdaTracing',
            reason:
              'Every request is logged with its id and duration; `tracing` of the stage turns X-Ray on.',
          },
    );
  }
}

function entryOf(name: FunctionName, { build, folder = 'jobs' }: PostageFunctionProps): string {
  const ofLetters = `${ROOT}lambdas/letters/${folder}/${name}.ts`;
  return build.hasLetters && existsSync(ofLetters) ? ofLetters : `${ROOT}lambdas/${folder}/${name}.ts`;
}

/**
 * For the few dependencies that are CommonJS. The name is one that the minifier won't pick: a short one collides, and
 * only at run time.
 */
const REQUIRE_FOR_COMMONJS =
  "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);";

/** Keeps the bundles small; the file says how. esbuild resolves it from the project's root. */
const CREDENTIALS_FROM_ENVIRONMENT =
  '@aws-sdk/credential-provider-node=./lambdas/adapters/environment-credentials.ts';

/** `#config` is the owner's file, which imports `#catalogue` wherever it lies. */
function aliasesTo(configFile: string): string[] {
  return [`#config=${configFile}`, `#catalogue=${ROOT}lambdas/domain/catalogue.ts`];
}

function environmentOf({ build, environment }: PostageFunctionProps): Environment {
  const { catalogueSince, stage } = build;
  if (environment.table === undefined) {
    return environment;
  }
  return { ...environment, stage: stage.name, ...(catalogueSince === undefined ? {} : { catalogueSince }) };
}

function named(environment: Environment): Record<string, string> {
  const names: Readonly<Record<string, string>> = VARIABLES;
  return Object.fromEntries(
    Object.entries(environment).map(([variable, value]) => [names[variable] ?? variable, value]),
  );
}

function adding(
  assets: readonly string[],
  beside: NonNullable<PostageFunctionProps['beside']>,
): ICommandHooks {
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (inputDirectory, outputDirectory) => [
      ...assets.map((asset) => `cp "${inputDirectory}/${asset}" "${outputDirectory}"`),
      ...beside(outputDirectory),
    ],
  };
}
