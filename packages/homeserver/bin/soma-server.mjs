#!/usr/bin/env node
import { boot } from './boot.mjs';
import { keepFewArenas } from './few-arenas.mjs';

keepFewArenas();
await boot('main');
