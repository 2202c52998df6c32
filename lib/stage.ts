import { RemovalPolicy } from 'aws-cdk-lib';
import { ConfigFileError } from './load-config.ts';
import { type StageEntry, type Stages, unsaidBy } from './stages.ts';

/** What the stack is deployed as: a name, and what the owner's file says of it. */
export interface Stage extends StageEntry {
  name: string;
  /** Its data outlive the stack. False: it leaves nothing. */
  isProtected: boolean;
}

/** @throws ConfigFileError when the file does not list the stage, or a protected one leaves something unsaid */
export function stageOf(name: string, stages: Stages): Stage {
  const entry = stages[name];
  if (entry === undefined) {
    const listed = Object.keys(stages).join(', ');
    throw new ConfigFileError(
      `The owner's file has no stage "${name}". Choose one with -c stage=…: ${listed}`,
    );
  }
  const isProtected = entry.disposable !== true;
  const unsaid = isProtected ? unsaidBy(entry) : [];
  if (unsaid.length > 0) {
    const lines = unsaid.map((each) => `  stages.${name}.${each.name}: ${each.meaning}`);
    throw new ConfigFileError(
      `The stage ${name} is not marked as disposable, so it is protected: it says every setting, if only that it is null. These are missing:\n${lines.join('\n')}`,
    );
  }
  return { ...entry, name, isProtected };
}

export function removalPolicyOf({ isProtected }: Stage): RemovalPolicy {
  return isProtected ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}
