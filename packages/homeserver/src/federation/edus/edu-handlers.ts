import type { JsonValue, ServerName } from '@soma/protocol';

import type { Logger } from '../../telemetry/logger.ts';
import { deviceListUpdateEdu } from './device-list-update.ts';
import { directToDeviceEdu } from './direct-to-device.ts';
import type { Edu, EduServices, EduType } from './edu-type.ts';
import { presenceEdu } from './presence.ts';
import { receiptEdu } from './receipt.ts';
import { signingKeyUpdateEdu } from './signing-key-update.ts';
import { typingEdu } from './typing.ts';

/** Every type of EDU that this server takes. */
const eduTypes: readonly EduType[] = [
  typingEdu,
  presenceEdu,
  receiptEdu,
  directToDeviceEdu,
  deviceListUpdateEdu,
  signingKeyUpdateEdu,
];

/** Takes the EDUs of a transaction. */
export interface EduHandlers {
  /**
   * Resolves when what must not be lost is on disk: messages to devices, and that devices changed. Malformed EDUs,
   * those of unknown types and those in the name of another server's users are left out. Rejects where the disk fails, so
   * that the transaction is not answered and comes again.
   */
  receive(origin: ServerName, edus: readonly Edu[]): Promise<void>;
}

export function openEduHandlers(services: EduServices, logger: Logger): EduHandlers {
  const byName = new Map(eduTypes.map((type) => [type.name, type]));
  return {
    async receive(origin, edus) {
      const contents = new Map<EduType, JsonValue[]>();
      for (const { edu_type: name, content } of edus) {
        const type = byName.get(name);
        if (type === undefined) continue;
        const ofType = contents.get(type) ?? [];
        ofType.push(content);
        contents.set(type, ofType);
      }
      const received = [...contents].map(async ([type, ofType]) => {
        try {
          await type.receive(origin, ofType, services);
        } catch (error) {
          if (type.isDurable) throw error;
          logger.error({ err: error, origin }, `an EDU of type ${type.name} was not received`);
        }
      });
      const failed = (await Promise.allSettled(received)).find(
        (each) => each.status === 'rejected',
      );
      if (failed !== undefined) throw failed.reason;
    },
  };
}
