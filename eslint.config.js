import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import capstan, { OutsideGLOBALS, OutsidePROPERTIES } from './tool/lint.js';

const below = 'a run below code/cli is a function of program, options and seed <design/determinism#.req.closed>';

/** Syntax that tsc accepts, or rejects late, and the style forbids. */
const syntax = [
  { selector: 'TSEnumDeclaration', message: 'No enum: use constants or a union of literals.' },
  { selector: 'TSModuleDeclaration:not([global=true])', message: 'No namespace: a module is one.' },
  { selector: 'TSParameterProperty', message: 'No parameter properties: assign the field in the constructor.' },
  { selector: 'Decorator', message: 'No decorators.' },
  { selector: 'ExportDefaultDeclaration', message: 'No default export: a thing has one name.' },
];

export default defineConfig(
  globalIgnores(['dist/', 'build/', 'coverage/', 'test/data/']),
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { capstan },
    rules: {
      'eqeqeq': ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      'no-restricted-syntax': ['error', ...syntax],
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-return': 'error',
      'max-lines': ['error', { max: 400 }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // noUncheckedIndexedAccess is off, for typed arrays; so the types call every test of an array's element needless.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // There are no enums, and structures are told apart by shape.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A walk along a chain of like objects begins at `this`.
      '@typescript-eslint/no-this-alias': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Generators are threads <design/plinth>: one that never yields is a thread that runs to its end.
      'require-yield': 'off',
    },
  },
  {
    files: ['code/**'],
    rules: { 'capstan/no-catch-all': 'error', 'capstan/aver-literal': 'error' },
  },
  {
    files: ['code/**'],
    ignores: ['code/cli/**'],
    rules: {
      'no-restricted-globals': ['error', ...OutsideGLOBALS.map((name) => ({ name, message: below }))],
      'no-restricted-properties': ['error', ...OutsidePROPERTIES.map(([object, property]) => (
        object === null ? { property, message: below } : { object, property, message: below }))],
    },
  },
  {
    // The one place that asks the surroundings anything: which variety to be.
    files: ['code/base/variety.ts'],
    rules: {
      'no-restricted-globals': ['error', ...OutsideGLOBALS.filter((name) => name !== 'process').map((name) => ({ name, message: below }))],
    },
  },
  {
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    files: ['*.js', '*.ts', 'tool/lint.js', 'tool/lint.d.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
