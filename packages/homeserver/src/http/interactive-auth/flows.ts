/** The ways to authenticate for one endpoint, each an ordered list of stage types. */
export type Flows = readonly (readonly string[])[];

type Completed = ReadonlyMap<string, unknown>;

/** The stages that may be done now: in each flow the first that is not completed. */
export function nextStages(flows: Flows, completed: Completed): ReadonlySet<string> {
  const next = new Set<string>();
  for (const flow of flows) {
    const type = flow.find((each) => !completed.has(each));
    if (type !== undefined) next.add(type);
  }
  return next;
}

/** An empty flow is never complete: a request without `auth` must not succeed. */
export function isComplete(flows: Flows, completed: Completed): boolean {
  return flows.some((flow) => flow.length > 0 && flow.every((type) => completed.has(type)));
}
