import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const decision = 'docs/decisions/0001-dependencies.md';

export const documentedDependencies: Rule = {
  name: `every dependency has its line in ${decision}, and every line its dependency`,
  check: checkDependencies,
};

function checkDependencies(tree: Tree): string[] {
  const page = tree.texts.get(decision) ?? '';
  const documented = new Set([...page.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name));
  const manifests = [...tree.texts].filter(([path]) => /(^|\/)package\.json$/.test(path));
  const used = new Set(manifests.flatMap(([, text]) => dependencyNames(text)));
  return [
    ...[...used]
      .filter((name) => !documented.has(name))
      .map((name) => `${decision} has no line for ${name}`),
    ...[...documented]
      .filter((name) => name !== undefined && !used.has(name))
      .map((name) => `${decision} has a line for ${name}, which nothing depends on`),
  ];
}

function dependencyNames(manifest: string): string[] {
  const parsed: unknown = JSON.parse(manifest);
  if (typeof parsed !== 'object' || parsed === null) return [];
  return Object.entries(parsed)
    .filter(([section]) => /dependencies$/i.test(section))
    .flatMap(([, dependencies]) => Object.keys(Object(dependencies)))
    .filter((name) => !name.startsWith('@soma/'));
}
