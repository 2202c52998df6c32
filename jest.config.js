// Each kind of test has a folder, and can run alone: `npm run test:domain`.

const kind = (name, options) => ({
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  modulePathIgnorePatterns: [String.raw`<rootDir>/(cdk\.out|coverage|dist|\.postage|\.venv)/`],
  injectGlobals: false,
  restoreMocks: true,
  extensionsToTreatAsEsm: ['.ts'],
  // Tests run with the letters app, whatever the owner's own catalogue says.
  moduleNameMapper: { '^#config$': '<rootDir>/examples/letters/postage.config.ts' },
  transform: {
    [String.raw`\.ts$`]: [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          // Like Node's own stripping of types, it removes only what is marked `type`.
          transform: { verbatimModuleSyntax: true },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  // Only the domain's own tests count for its coverage. A route that passes through a rule does not prove the rule.
  coveragePathIgnorePatterns: ['/'],
  ...options,
});

export default {
  projects: [
    kind('domain', { coveragePathIgnorePatterns: ['/node_modules/'] }),
    kind('data'),
    kind('api'),
    kind('jobs'),
    kind('local'),
    kind('infra'),
    kind('stand-in', { testMatch: ['<rootDir>/packages/stripe-stand-in/test/**/*.test.ts'] }),
    kind('e2e'),
    // Needs Chromium for most of it, and says so where there is none.
    kind('web'),
    // test/simulation/README.md says what these random sequences are compared with.
    kind('simulation'),
    // Needs PyPI for some of its clients: `npm run test:clients`.
    kind('clients'),
    // Needs a deployed stack: `npm run test:deployed`.
    kind('deployed'),
  ],
  // Long enough for property tests, databases and bundles on a busy machine. A test that needs more says so. (Jest
  // ignores the setting of a kind.)
  testTimeout: 120_000,
  maxWorkers: '100%',
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  reporters: ['default', '<rootDir>/test/support/summary-reporter.ts'],

  collectCoverageFrom: ['lambdas/{domain,letters/domain}/**/*.ts'],
  // Istanbul, since V8 misses an `if` that is never false and a default that is never used.
  coverageProvider: 'babel',
  coverageReporters: [['text', { skipFull: true }]],
  coverageThreshold: { global: { statements: 100, branches: 100, functions: 100, lines: 100 } },
};
