// Who may import whom. Every rule says why it is there; `npm run check:imports` prints that reason with a violation.

/** What constructs and functions have to agree on. */
const contracts = String.raw`^lambdas/((letters/)?wiring/[^/]+|(letters/)?http/routes|adapters/dynamodb/(keys|table-schema)|domain/(catalogue|mistakes)|letters/domain/config)\.ts$`;

/** Files of a floor of the core, and of the letters app's floor beside it. */
const floors = (names) => `^lambdas/(letters/)?(${names})/`;

/** A floor, which may import the floors that are named and nothing else of `lambdas`. */
const floor = (name, from, below, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^lambdas/', pathNot: below },
});

/** A package of the given names, installed or not. */
const packages = (names) => `^(node_modules/)?(${names})(/|$)`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'core-does-not-know-letters',
      comment:
        'Another app is built on the core in place of letters, or none is. The letters app puts both together.',
      severity: 'error',
      from: { path: '^lambdas/', pathNot: '^lambdas/letters/' },
      to: { path: '^lambdas/letters/' },
    },
    {
      name: 'domain-imports-only-domain',
      comment:
        'The rules are pure: no SDK, no clock, no chance, no environment. So they can be tested whole, and read alone.',
      severity: 'error',
      from: { path: floors('domain') },
      to: { pathNot: floors('domain') },
    },
    floor(
      'wiring-states-facts',
      floors('wiring'),
      String.raw`${floors('wiring|domain')}|^lambdas/adapters/dynamodb/(keys|table-schema)\.ts$`,
      'Constructs read it as functions do. It must cost neither of them an SDK.',
    ),
    floor(
      'runtime-is-below-adapters',
      '^lambdas/runtime/',
      '^lambdas/(runtime|domain|wiring)/',
      'What any function needs, whatever it does: its log, its deadline, its batches.',
    ),
    floor(
      'adapters-do-not-know-commands',
      floors('adapters'),
      `${floors('adapters|domain|wiring')}|^lambdas/runtime/`,
      'An adapter turns an SDK into our types for any caller. One that knew a command or HTTP could serve only that.',
    ),
    floor(
      'commands-do-not-know-http',
      floors('commands'),
      `${floors('commands|adapters|domain|wiring')}|^lambdas/runtime/`,
      'A command happens in one go, whoever asks for it: a route, a job or a test.',
    ),
    floor(
      'http-does-not-know-commands',
      floors('http'),
      `${floors('http|domain|wiring')}|^lambdas/runtime/`,
      'HTTP turns requests into input and refusals into problems. The handler joins it with commands, so that neither pulls the other into a bundle.',
    ),
    {
      name: 'handlers-stand-alone',
      comment:
        'Each file is deployed as a function of its own, with only its own rights. A route starts a job through AWS, never by calling it. A handler of the letters app may be the core’s of the same name that does more.',
      severity: 'error',
      from: { path: String.raw`^lambdas/(?:letters/)?((?:api|jobs)/[^/]+)$` },
      to: { path: floors('api|jobs'), pathNot: '^lambdas/$1$' },
    },
    {
      name: 'environment-imports-nothing',
      comment: 'Constructs, handlers and adapters all read it. It must cost none of them anything else.',
      severity: 'error',
      from: { path: String.raw`^lambdas/wiring/environment\.ts$` },
      to: { path: '^lambdas/' },
    },
    {
      name: 'sdks-only-in-adapters',
      comment:
        'One place knows AWS and Stripe, turns their errors into ours and sets their time limits. Everything else speaks in our types.',
      severity: 'error',
      from: { path: '^(bin|lib|lambdas)/', pathNot: floors('adapters') },
      to: { path: packages('@aws-sdk|@smithy|stripe') },
    },
    {
      name: 'letters-and-usage-do-not-reach-stripe',
      comment:
        'These routes start cold in a bundle of less than 400 kB, of which Stripe alone would take 246 kB.',
      severity: 'error',
      from: { path: String.raw`^lambdas/letters/api/(letters|usage)[^/]*\.ts$` },
      to: { path: packages('stripe'), reachable: true },
    },
    {
      name: 'stack-names-handlers-by-path',
      comment:
        'The stack hands esbuild the path of a handler. Importing one would run it at synthesis. It imports only what both agree on: the wiring, the owner’s file, the shape of the table and its keys, which rights name.',
      severity: 'error',
      from: { path: '^(bin|lib)/' },
      to: { path: '^lambdas/', pathNot: contracts },
    },
    {
      name: 'lambdas-do-not-import-the-rest',
      comment: 'What is deployed knows nothing of how it is deployed, run on a laptop, tested or measured.',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { path: '^(bin|lib|local|packages|web|test|bench)/' },
    },
    {
      name: 'page-knows-the-api-by-its-document',
      comment:
        'The page is a client like any other. It has the types of the OpenAPI document, and nothing that runs in a function.',
      severity: 'error',
      from: { path: '^web/src/' },
      to: { pathNot: '^(web/src|node_modules)/' },
    },
    {
      name: 'config-in-one-place',
      comment:
        'What is deployed reads the owner’s file through lambdas/wiring/catalogue.ts, and what runs here through local/runtime.ts too, so that it can be replaced.',
      severity: 'error',
      from: {
        path: '^(bin|lib|lambdas|local)/',
        pathNot: String.raw`^(lambdas/wiring/catalogue|local/runtime)\.ts$`,
      },
      to: { path: String.raw`^postage\.config\.ts$` },
    },
    {
      name: 'nothing-imports-local',
      comment: 'The embedded runtime with its demo users and secrets must not reach a deployment.',
      severity: 'error',
      from: { pathNot: '^(local|test|bench)/' },
      to: { path: '^local/' },
    },
    {
      name: 'stand-in-imports-nothing-of-ours',
      comment:
        'The stand-in plays Stripe for any app. One that knew Postage would play what Postage hopes for, and could not be used elsewhere.',
      severity: 'error',
      from: { path: '^packages/stripe-stand-in/' },
      to: { pathNot: '^packages/stripe-stand-in/', dependencyTypes: ['local'] },
    },
    {
      name: 'stand-in-only-by-its-entry',
      comment: 'What is behind the entry may change without a look at who uses the stand-in.',
      severity: 'error',
      from: { pathNot: '^packages/stripe-stand-in/' },
      to: {
        path: '^packages/stripe-stand-in/',
        pathNot: String.raw`^packages/stripe-stand-in/src/index\.ts$`,
      },
    },
    {
      name: 'nothing-imports-tests',
      comment: 'A test or benchmark may use anything and therefore nothing may use it.',
      severity: 'error',
      from: { pathNot: '^(packages/[^/]+/test|test|bench)/' },
      to: { path: '^(packages/[^/]+/test|test|bench)/' },
    },
    {
      name: 'no-circular',
      comment:
        'Files that need each other are one file, or hide a third. Types count: a reader needs them too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment:
        'A file that imports nothing and that nobody imports was forgotten. (Declarations for the compiler have no importer, nor what a server hands to pages.)',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: String.raw`^[^/]+\.js$|\.d\.ts$|\.config\.ts$|^web/public/|^test/support/summary-reporter\.ts$|/browser/[^/]+\.js$`,
      },
      to: {},
    },
    {
      name: 'no-dev-dependencies-in-lambdas',
      comment:
        'A handler needs at run time what it imports; only types may come from a development dependency.',
      severity: 'error',
      from: { path: '^lambdas/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'declared-and-resolvable',
      comment:
        'An import that is missing from package.json works by accident, and one without a target not at all.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: String.raw`^(web/dist|cdk\.out|coverage|dist|\.postage|\.venv|test/clients/apps)/` },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count too.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
