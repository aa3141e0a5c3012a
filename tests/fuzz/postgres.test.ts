import { testEngines } from '../harness/engines.ts';
import { fuzzEndpoints } from './fuzz-endpoints.ts';

for (const engine of testEngines()) if (engine.name === 'postgres') fuzzEndpoints(engine);
