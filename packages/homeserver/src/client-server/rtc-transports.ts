import { unrecognized } from '../errors/matrix-error.ts';
import { accountEndpoint } from './services.ts';

export const getRtcTransports = accountEndpoint({
  operationId: 'getRtcTransports',
  summary: 'What carries group calls',
  spec: 'MSC4143: MatrixRTC',
  method: 'GET',
  paths: ['/_matrix/client/unstable/org.matrix.msc4143/rtc/transports'],
  authentication: 'required',
  guests: true,
  errcodes: ['M_UNRECOGNIZED'],
  handle: (_request, { config }) => {
    const { transports } = config.turn.matrixRtc;
    // Clients then look where they looked before there was this endpoint.
    if (transports.length === 0) throw unrecognized();
    return { rtc_transports: [...transports] };
  },
});
