/**
 * A start that is refused for a reason the operator can act on. It is printed as one clear text
 * without a stack; anything else that fails a start is printed with its stack.
 */
export class StartRefusal extends Error {
  override name = 'StartRefusal';
}
