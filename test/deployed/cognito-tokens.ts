/** `npm run test:tokens`: signs everybody in who appears in the end-to-end suite, for a stack with its own user pool. */
import { parseArgs } from 'node:util';
import { exitCodeOf } from '../../local/command-line.ts';
import { ADMIN, PEOPLE, READER, READER_SCOPE, SERVICE, tokenVariable } from '../e2e/support/people.ts';
import { readOutputs } from '../e2e/support/stack.ts';
import { poolOutputs, signInMachine, signInSomebodyNew } from './support/cognito.ts';

const HELP = `Makes new users in the user pool of a deployed stack and prints their tokens, which hold for an hour, as the
end-to-end suite takes them:

  eval "$(npm run --silent test:tokens -- --stack Postage-dev)"

  --stack NAME   the stack (default: Postage-dev)
  --help         shows this
`;

async function main(): Promise<string> {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: 'Postage-dev' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    return HELP;
  }
  const pool = await readOutputs(values.stack, poolOutputs);
  let lines = `export ${tokenVariable(SERVICE)}=${await signInMachine(pool)}\n`;
  lines += `export ${tokenVariable(READER)}=${await signInMachine(pool, READER_SCOPE)}\n`;
  lines += `export ${tokenVariable(ADMIN)}=${await signInSomebodyNew(pool, ADMIN)}\n`;
  for (const person of PEOPLE) {
    lines += `export ${tokenVariable(person)}=${await signInSomebodyNew(pool)}\n`;
  }
  return lines;
}

main().then(
  (lines) => process.stdout.write(lines),
  (error: unknown) => process.exit(exitCodeOf(error, 'npm run test:tokens -- --help')),
);
