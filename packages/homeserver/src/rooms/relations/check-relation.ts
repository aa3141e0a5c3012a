import { MatrixError, badRequest } from '../../errors/matrix-error.ts';
import type { Guard } from '../../storage/change.ts';
import type { Reader } from '../../storage/sql.ts';
import type { PreparedEvent } from '../prepared-event.ts';
import { hasAnnotation, newAnnotationGuard, readRelationParent } from './relation-store.ts';

/** The guard of a change that brings an annotation. */
export const DUPLICATE_ANNOTATION = 'duplicate-annotation';

/**
 * What a local user may not relate an event to (CS API, "Avoiding duplicate annotations", "Validation of `m.thread`
 * relationships"). The guard holds unless another one like it is under way. Throws `400 M_DUPLICATE_ANNOTATION`,
 * `400 M_UNKNOWN`.
 */
export async function checkRelation(
  reader: Reader,
  { relation, senderNid, typeNid }: PreparedEvent,
): Promise<Guard | undefined> {
  if (relation === undefined) return undefined;
  const { parentNid, key } = relation;
  if (relation.type === 'm.thread') {
    const parent = await readRelationParent(reader, parentNid);
    if (parent?.relationType !== undefined) {
      throw badRequest('A thread cannot start from an event that itself relates to another');
    }
  }
  if (relation.type !== 'm.annotation' || key === null) return undefined;
  const annotation = { parentNid, senderNid, typeNid, key };
  if (await hasAnnotation(reader, annotation)) throw duplicateAnnotation();
  return newAnnotationGuard(DUPLICATE_ANNOTATION, annotation);
}

export function duplicateAnnotation(): MatrixError {
  return new MatrixError(400, 'M_DUPLICATE_ANNOTATION', 'You have annotated the event so already');
}
