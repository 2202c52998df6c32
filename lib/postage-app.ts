import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { WITH_LETTERS } from '../lambdas/letters/wiring/deployed.ts';
import type { Issuer } from './identity.ts';
import { PostageStack } from './postage-stack.ts';
import { parseSenderSettings } from './sender-settings.ts';
import { parseStage } from './stage.ts';
import { parseStripeSettings } from './stripe-settings.ts';

export interface PostageAppProps extends AppProps {
  /** Whether the rule packs are asked, which load a lot. True unless told. */
  checksRules?: boolean;
  /** Whether the letters app is deployed too. */
  hasLetters?: boolean;
}

/**
 * The CDK app: one stack, described by the context. `stage` is `dev` unless given; `issuer` and `audience` (several
 * apart by commas) name the OpenID Connect provider whose tokens are accepted, and without them Cognito is used;
 * `stripePrices`, `trialDays` and `appUrl` say what is sold and where buyers come from (`stripe-settings.ts`); `emailFrom` and `mailFrom` say whom letters come
 * from (`sender-settings.ts`). What the
 * rule packs find and the constructs do not acknowledge makes the synthesis fail.
 *
 * @throws Error on a context that makes no sense
 */
export function createPostageApp({
  checksRules = true,
  hasLetters = WITH_LETTERS,
  ...props
}: PostageAppProps = {}): App {
  const app = new App(props);
  if (checksRules) {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  }

  const stage = parseStage(app.node.tryGetContext('stage') ?? 'dev');
  const issuer = parseIssuer(app.node.tryGetContext('issuer'), app.node.tryGetContext('audience'));
  const stripe = parseStripeSettings((key) => app.node.tryGetContext(key));
  const letters = hasLetters ? parseSenderSettings((key) => app.node.tryGetContext(key)) : null;
  new PostageStack(app, `Postage-${stage}`, { stage, issuer, stripe, letters });
  return app;
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
