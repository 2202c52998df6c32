import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { Issuer } from './identity.ts';
import type { LoadedConfig } from './load-config.ts';
import { PostageStack } from './postage-stack.ts';
import { parseSenderSettings } from './sender-settings.ts';
import { parseStage } from './stage.ts';
import { parseStripeApiUrl } from './stripe-settings.ts';

export interface PostageAppProps extends AppProps {
  /** Whether the rule packs are asked, which load a lot. True unless told. */
  checksRules?: boolean;
}

/** What `-c` can say. */
const CONTEXT = ['config', 'stage', 'issuer', 'audience', 'stripeApiUrl', 'emailFrom', 'mailFrom'];

/** The owner's file that the context names; undefined for the one at the top. */
export function configFileInContext(): string | undefined {
  const file: unknown = new App({ autoSynth: false }).node.tryGetContext('config');
  if (file !== undefined && typeof file !== 'string') {
    throw new Error('The owner’s file is named by its path: -c config=examples/letters/postage.config.ts');
  }
  return file;
}

/**
 * The CDK app: one stack, described by the owner's file and the context. `config` names another file than the one at the
 * top; `stage` is one of the file's, `dev` unless given; `issuer` and `audience` (several apart by commas) name the
 * OpenID Connect provider whose tokens are accepted, and without them Cognito is used; `stripeApiUrl` names another server than
 * Stripe's (`stripe-settings.ts`); `emailFrom` and `mailFrom` say whom letters come from (`sender-settings.ts`). What the rule
 * packs find and the constructs do not acknowledge makes the synthesis fail.
 *
 * @throws Error on a context that makes no sense
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

  const context = (key: string): unknown => app.node.tryGetContext(key);
  const { catalogue, letters, stages } = config;
  const { name: stage, appUrl } = parseStage(context('stage') ?? 'dev', stages);
  new PostageStack(app, `Postage-${stage}`, {
    stage,
    appUrl,
    configFile: file,
    catalogue,
    issuer: parseIssuer(context('issuer'), context('audience')),
    stripeApiUrl: parseStripeApiUrl(context('stripeApiUrl')),
    letters: letters === null ? null : parseSenderSettings(context),
  });
  return app;
}

/** A word of ours that is misspelt would go unnoticed. What CDK and its users keep in the context has other signs in it. */
function refuseUnknown(app: App): void {
  const given = Object.keys(app.node.getAllContext() as object);
  const unknown = given.find((key) => /^[a-z]+$/i.test(key) && !CONTEXT.includes(key));
  if (unknown !== undefined) {
    throw new Error(`"-c ${unknown}" is not known. Known are ${CONTEXT.join(', ')}.`);
  }
}

/** https, as AWS demands; an emulator on this machine may have an issuer without. */
const ISSUER_URL = /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost)[:/])/;

function parseIssuer(url: unknown, audience: unknown): Issuer | null {
  if (url === undefined && audience === undefined) {
    return null;
  }
  if (typeof url !== 'string' || typeof audience !== 'string' || !ISSUER_URL.test(url) || audience === '') {
    throw new Error(
      'An issuer is an https URL with an audience: -c issuer=https://login.example.com/ -c audience=postage',
    );
  }
  return { url, audience: audience.split(',') };
}
