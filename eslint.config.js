import comments from '@eslint-community/eslint-plugin-eslint-comments/configs';
import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import typescript from 'typescript-eslint';

const noDefaultExport = [
  {
    selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
    message: 'Exports are named, so that a thing has one name everywhere.',
  },
];

const noFocusedTest = [
  {
    selector: 'MemberExpression[object.name=/^(describe|it|test)$/][property.name="only"]',
    message: 'A focused test silences all others.',
  },
];

const noClockNorChance = [
  {
    selector: [
      'NewExpression[callee.name="Date"][arguments.length=0]',
      'CallExpression[callee.name="Date"]',
      'MemberExpression[object.name="Date"][property.name="now"]',
      'MemberExpression[object.name="Math"][property.name="random"]',
    ].join(', '),
    message: 'time and ids are passed in',
  },
];

export default defineConfig(
  // The apps are compiled and run beside the clients that they import, where those are generated.
  globalIgnores([
    'test/clients/apps/',
    'cdk.out/',
    'coverage/',
    'dist/',
    '.postage/',
    '.venv/',
    'web/dist/',
    'web/src/api/generated/',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  comments.recommended,
  typescript.configs.strictTypeChecked,
  typescript.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@eslint-community/eslint-comments/require-description': ['error', { ignore: ['eslint-enable'] }],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': ['error', ...noDefaultExport],
      eqeqeq: 'error',

      // A union's member that is added later must not fall into an old default.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: true },
      ],
      // Integers and booleans print as what they are.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNever: true },
      ],
      // `() => stop()` as a callback says what it does, although `stop` returns nothing.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A parameter that an interface demands may be left unused when its name says so.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],

      // Off: it demands `!` in place of a cast, and `!` is forbidden (no-non-null-assertion).
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
    },
  },
  {
    files: ['lambdas/**'],
    ignores: ['lambdas/wiring/environment.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'lambdas/wiring/environment.ts alone reads the environment',
        },
      ],
    },
  },
  {
    files: ['lambdas/domain/**', 'lambdas/letters/domain/**'],
    rules: {
      'no-restricted-syntax': ['error', ...noDefaultExport, ...noClockNorChance],
      'no-restricted-globals': [
        'error',
        ...['crypto', 'performance', 'process'].map((name) => ({
          name,
          message: 'time and ids are passed in',
        })),
      ],
    },
  },
  {
    files: ['test/**', 'packages/*/test/**'],
    rules: {
      'no-restricted-syntax': ['error', ...noDefaultExport, ...noFocusedTest],
      // Off: a `describe` is a function, and as long as its cases.
      'max-lines-per-function': 'off',
      // Off: a fake stands in for an asynchronous function without waiting for anything.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['web/src/**'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: {
      // Longer than elsewhere: what a component shows is laid out in as many lines as it takes.
      'max-lines-per-function': ['error', { max: 120, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // All texts in one file, so that another language is one more.
    files: ['web/src/texts/*.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['**/*.js'],
    // Off: what needs types, because the tools' configuration files lie outside tsconfig.json.
    extends: [typescript.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly' } },
  },
  {
    files: ['*.config.js', 'web/*.config.ts', '.dependency-cruiser.js', 'test/support/summary-reporter.ts'],
    rules: {
      // Off: these tools take a default export only.
      'no-restricted-syntax': 'off',
    },
  },
);
