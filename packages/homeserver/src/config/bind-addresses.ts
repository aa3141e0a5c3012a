/** Something that listens, and can be told to stop. */
export interface Bound {
  close(): unknown;
}

export interface BindOutcome<B extends Bound> {
  readonly bound: readonly B[];
  /** Addresses that this machine does not have. */
  readonly skipped: readonly string[];
}

/**
 * Listens on each address. One that the machine does not have (`::1` where IPv6 is off) is skipped
 * as long as another one of the list can be had, because the default names both families. Any other
 * failure closes what was opened and is thrown.
 *
 * `bind` is told to keep `::` to IPv6 where IPv4 has its own entry: it would take the port of both.
 */
export async function bindAddresses<B extends Bound>(
  addresses: readonly string[],
  bind: (address: string, options: { readonly ipv6Only: boolean }) => Promise<B>,
): Promise<BindOutcome<B>> {
  const bound: B[] = [];
  const skipped: string[] = [];
  let firstFailure: unknown;
  for (const address of addresses) {
    const ipv6Only = address === '::' && addresses.some((other) => !other.includes(':'));
    try {
      bound.push(await bind(address, { ipv6Only }));
    } catch (error) {
      firstFailure ??= error;
      if (!isUnavailable(error)) {
        await closeAll(bound);
        throw error;
      }
      skipped.push(address);
    }
  }
  if (bound.length === 0) throw firstFailure;
  return { bound, skipped };
}

function isUnavailable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
}

async function closeAll(bound: readonly Bound[]): Promise<void> {
  for (const entry of bound) await entry.close();
}
