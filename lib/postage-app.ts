import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { ConfigFileError, type LoadedConfig } from './load-config.ts';
import { PostageStack } from './postage-stack.ts';
import { stageOf } from './stage.ts';

export interface PostageAppProps extends AppProps {
  /** Whether the rule packs are asked, which load a lot. True unless told. */
  checksRules?: boolean;
}

/**
 * The CDK app: one stack, described by the owner's file alone. The context says which of the file's stages it is, `dev`
 * unless told. What the rule packs find and the constructs do not acknowledge makes the synthesis fail.
 *
 * @throws ConfigFileError when the stage can't be deployed as the file has it
 */
export function createPostageApp(
  { file, config }: LoadedConfig,
  { checksRules = true, ...props }: PostageAppProps = {},
): App {
  const app = new App(props);
  refuseUnknown(app);
  if (checksRules) {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  }
  const { catalogue, letters, stages } = config;
  const stage = stageOf(String(app.node.tryGetContext('stage') ?? 'dev'), stages);
  new PostageStack(app, `Postage-${stage.name}`, {
    stage,
    configFile: file,
    catalogue,
    hasLetters: letters !== null,
    terminationProtection: stage.isProtected,
  });
  return app;
}

/** Settings stand in the file, where nobody forgets them. What CDK and its users keep in the context has other signs in it. */
function refuseUnknown(app: App): void {
  const given = Object.keys(app.node.getAllContext() as object);
  const unknown = given.find((key) => /^[a-z]+$/i.test(key) && key !== 'stage');
  if (unknown !== undefined) {
    throw new ConfigFileError(
      `"-c ${unknown}" is not known: -c says the stage, and postage.config.ts what it is told. See docs/stages.md`,
    );
  }
}
