/* lint.js: LINT RULES OF THIS REPOSITORY
 *
 * Rules that no package has <design/check#.lint>. Plain JavaScript, for ESLint loads it without a loader.
 */

/** Whether `node` may be left upward by return, break, continue or throw; inner functions keep their own. */
function canLeave(node) {
  if (node === null || typeof node !== 'object' || typeof node.type !== 'string') return false;
  if (/^(?:Return|Break|Continue|Throw)Statement$/.test(node.type)) return true;
  if (/Function|^Class/.test(node.type)) return false;
  return Object.entries(node).some(([key, value]) =>
    key !== 'parent' && (Array.isArray(value) ? value.some(canLeave) : canLeave(value)));
}

/** Whether `test` coming out as `outcome` says of which class the error called `name` is. */
function narrows(test, outcome, name) {
  if (test.type === 'UnaryExpression' && test.operator === '!') return narrows(test.argument, !outcome, name);
  if (test.type === 'LogicalExpression' && test.operator !== '??') {
    const sides = [test.left, test.right].map((side) => narrows(side, outcome, name));
    return (test.operator === '&&') === outcome ? sides.includes(true) : !sides.includes(false);
  }
  return outcome && test.type === 'BinaryExpression' && test.operator === 'instanceof'
    && test.left.type === 'Identifier' && test.left.name === name;
}

/** What becomes of an error of unknown class in a list of statements: 'thrown' again, 'lost', or still 'held' after them. */
function fate(statements, name) {
  for (const statement of statements) {
    const found = fateIn(statement, name);
    if (found !== 'held') return found;
  }
  return 'held';
}

function fateIn(statement, name) {
  switch (statement.type) {
    case 'ThrowStatement':
      return statement.argument.type === 'Identifier' && statement.argument.name === name ? 'thrown' : 'lost';
    case 'BlockStatement':
      return fate(statement.body, name);
    case 'IfStatement': {
      const fates = [];
      if (!narrows(statement.test, true, name)) fates.push(fateIn(statement.consequent, name));
      if (!narrows(statement.test, false, name)) fates.push(statement.alternate ? fateIn(statement.alternate, name) : 'held');
      return fates.find((found) => found === 'lost') ?? fates.find((found) => found === 'held') ?? 'thrown';
    }
    default:
      return canLeave(statement) ? 'lost' : 'held';
  }
}

/** A catch clause throws on every error that it does not know by its class <design/check#.lint.catch>. */
export const noCatchAll = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      swallows: 'This catch can swallow an error that it does not know (narrow by instanceof, and throw the same error otherwise).',
    },
  },
  create(context) {
    return {
      CatchClause(node) {
        const name = node.param?.type === 'Identifier' ? node.param.name : null;
        if (name === null || fate(node.body.body, name) !== 'thrown') context.report({ node, messageId: 'swallows' });
      },
    };
  },
};

/** An assertion's message is a literal: it costs nothing while the assertion holds <design/check#.aver.literal>. */
export const averLiteral = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { computed: 'The message of aver must be a string literal, by preference a tag (describe() gives the details).' },
  },
  create(context) {
    return {
      CallExpression(node) {
        if (node.callee.type !== 'Identifier' || node.callee.name !== 'aver' || node.arguments.length < 2) return;
        const message = node.arguments[1];
        if (message.type !== 'Literal' || typeof message.value !== 'string') context.report({ node: message, messageId: 'computed' });
      },
    };
  },
};

/** What below code/cli would make a run depend on more than program, options and seed <design/determinism#.req.closed>. */
export const OutsideGLOBALS = [
  'Date', 'performance', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval',
  'clearImmediate', 'queueMicrotask', 'requestAnimationFrame', 'crypto', 'fetch', 'navigator', 'console', 'require',
  'globalThis', 'global', 'WeakRef', 'FinalizationRegistry', 'Intl', 'eval', 'Function', 'Worker', 'WebSocket',
];

/** Properties that do so, by their object; null for any object. */
export const OutsidePROPERTIES = [
  ['Math', 'random'],
  [null, 'toLocaleString'], [null, 'toLocaleUpperCase'], [null, 'toLocaleLowerCase'], [null, 'localeCompare'],
];

export default { rules: { 'no-catch-all': noCatchAll, 'aver-literal': averLiteral } };
