import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';

import pg from 'pg';

import { testEngines } from './engines.ts';

for (const engine of testEngines()) {
  test(`each database is a new one, gone after its drop (${engine.name})`, async () => {
    const first = await engine.createDatabase();
    const second = await engine.createDatabase();
    assert.notDeepEqual(first.config, second.config);
    if (engine.name === 'sqlite') {
      const path = String(first.config.args['database']);
      writeFileSync(path, '');
      await first.drop();
      assert.equal(existsSync(dirname(path)), false);
    } else {
      const { dbname, ...server } = first.config.args;
      const config = { ...server, database: String(dbname) };
      const client = new pg.Client(config);
      await client.connect();
      await client.query('create table t (x integer)');
      await client.end();
      await first.drop();
      const afterwards = new pg.Client(config);
      await assert.rejects(afterwards.connect(), { code: '3D000' });
    }
    await second.drop();
  });
}
