import { fileURLToPath } from 'node:url';
import { Duration, Tags, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import {
  type ICommandHooks,
  LogLevel,
  NodejsFunction,
  OutputFormat,
  SourceMapMode,
} from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import { createLogGroup } from './log-group.ts';
import { type FunctionName, type ResourceArns, statementsOf } from './rights.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface PostageFunctionProps {
  name: FunctionName;
  /** Relative to the repository, such as `lambdas/api/letters.ts`; it exports `handler`. */
  entry: string;
  description: string;
  /** Where the resources are that the function's rights are on. */
  arns: ResourceArns;
  /** By the names in `lambdas/wiring/environment.ts`. */
  environment: Record<string, string>;
  /** 25 s unless told: the gateway waits for 30. */
  timeout?: Duration;
  /** 512 unless told. */
  memorySizeMb?: number;
  /** Files to lie beside the bundle, relative to the repository. */
  assets?: readonly string[];
}

/** The one way to make a Lambda function: bundled, with its own log and a role that has its listed rights only. */
export class PostageFunction extends Construct {
  readonly name: FunctionName;
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: PostageFunctionProps) {
    super(scope, id);
    const { name, entry, description, arns, environment, timeout, memorySizeMb, assets = [] } = props;
    this.name = name;

    const logGroup = createLogGroup(this, 'Log');
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    // In place of AWS's managed policy, which is for every log group of the account.
    logGroup.grantWrite(role);
    for (const statement of statementsOf(name, arns)) {
      role.addToPrincipalPolicy(statement);
    }

    this.lambda = new NodejsFunction(this, 'Function', {
      description,
      entry: `${ROOT}${entry}`,
      projectRoot: ROOT,
      depsLockFilePath: `${ROOT}package-lock.json`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: timeout ?? Duration.seconds(25),
      memorySize: memorySizeMb ?? 512,
      role,
      logGroup,
      environment: { ...environment, NODE_OPTIONS: '--enable-source-maps' },
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
        esbuildArgs: { '--alias': CREDENTIALS_FROM_ENVIRONMENT },
        commandHooks: copying(assets),
      },
    });

    // Tells whose rights these are to whoever compares them with what the function calls.
    Tags.of(this.lambda).add('function', name);
    Validations.of(this).acknowledge(
      {
        id: 'Serverless-LambdaDLQ',
        reason:
          'Invoked synchronously only, by the gateway, the state machine, the stream or a queue, which see the error themselves.',
      },
      {
        id: 'Serverless-LambdaTracing',
        reason: 'Every request is logged with its id and duration; X-Ray would need rights on all resources.',
      },
    );
  }
}

/**
 * For the few dependencies that are CommonJS. The name is one that the minifier won't pick: a short one collides, and
 * only at run time.
 */
const REQUIRE_FOR_COMMONJS =
  "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);";

/** The file tells why: it is what keeps the bundles small. esbuild resolves it from the project's root. */
const CREDENTIALS_FROM_ENVIRONMENT =
  '@aws-sdk/credential-provider-node=./lambdas/adapters/environment-credentials.ts';

function copying(assets: readonly string[]): ICommandHooks {
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (inputDirectory, outputDirectory) =>
      assets.map((asset) => `cp "${inputDirectory}/${asset}" "${outputDirectory}"`),
  };
}
