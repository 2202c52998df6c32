// The tests lie by kind, and one kind runs alone: `npm run test:domain`.

const kind = (name, options) => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  modulePathIgnorePatterns: [String.raw`<rootDir>/(cdk\.out|coverage|dist|\.postage|\.venv)/`],
  injectGlobals: false,
  restoreMocks: true,
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    [String.raw`\.ts$`]: [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          // As Node itself strips types: only what is marked `type` disappears.
          transform: { verbatimModuleSyntax: true },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  // Nothing is measured. The domain is covered by its own tests or not at all: that a route passes through a rule
  // does not prove the rule.
  coveragePathIgnorePatterns: ['/'],
  ...options,
});

export default {
  projects: [
    kind('domain', { coveragePathIgnorePatterns: ['/node_modules/'] }),
    kind('data'),
    kind('api'),
    kind('jobs'),
    kind('infra'),
    kind('e2e'),
    kind('local'),
    // Against a deployed stack only: `npm run test:deployed`.
    kind('deployed'),
  ],
  // Long enough for property tests, databases and bundles on a busy machine. (Jest reads it only here, per kind it
  // is ignored; a test that needs more says so.)
  testTimeout: 30_000,
  maxWorkers: '100%',
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  reporters: ['default', '<rootDir>/test/support/summary-reporter.ts'],

  collectCoverageFrom: ['lambdas/domain/**/*.ts'],
  // Istanbul, not V8: V8 does not see an `if` that is never false, nor a default that is never needed.
  coverageProvider: 'babel',
  coverageReporters: [['text', { skipFull: true }]],
  coverageThreshold: { global: { statements: 100, branches: 100, functions: 100, lines: 100 } },
};
